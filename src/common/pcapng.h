/* SPDX-License-Identifier: MIT */
/**
 * Capture files as bytes: pcapng blocks (draft-ietf-opsawg-pcapng) and the
 * classic format (draft-ietf-opsawg-pcap). Formats only: no file is touched,
 * nothing is allocated. Numbers are little endian.
 *
 * Functions that take `to` and `room` give the bytes the block takes and write
 * it only if it fits, so a call with room 0 measures.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    PCAPNG_SECTION = 0x0a0d0d0a,
    PCAPNG_INTERFACE = 1,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6, /* enhanced packet block */
    PCAPNG_ORDER = 0x1a2b3c4d,

    PCAPNG_PACKET_HEAD = 28,  /* bytes before a packet's data */
    PCAPNG_STRING_MAX = 4096, /* longer texts are cut */

    PCAP_FILE_HEAD = 24,
    PCAP_PACKET_HEAD = 16,
};

/** Start of the classic format with nanoseconds; with microseconds it is 0xa1b2c3d4. */
#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_MAGIC_US 0xa1b2c3d4u

/** What a section header says; each may be NULL. */
struct pcapng_section {
    const char *comment;
    const char *os;
    const char *application;
};

struct pcapng_interface {
    uint16_t linktype;  /* LINKTYPE_ value */
    uint32_t snaplen;   /* 0: no limit */
    const char *name;   /* may be NULL */
    const char *filter; /* text; NULL: none */
};

/** Counters of an interface since the capture began; UINT64_MAX: not known, left out. */
struct pcapng_statistics {
    uint32_t interface;
    uint64_t time_ns;          /* of the block */
    uint64_t start_ns, end_ns; /* 0: not known */
    uint64_t received;         /* by the interface */
    uint64_t dropped;          /* by the interface or the kernel, for want of room */
    uint64_t accepted;         /* by the filter */
    uint64_t delivered;        /* to this file and its predecessors */
};

/** Section header block; its length is left open. */
size_t pcapng_section(uint8_t *to, size_t room, const struct pcapng_section *section);

/** Interface description block, timestamps in nanoseconds. */
size_t pcapng_interface(uint8_t *to, size_t room, const struct pcapng_interface *interface);

/** Interface statistics block. */
size_t pcapng_statistics(uint8_t *to, size_t room, const struct pcapng_statistics *statistics);

/** File header of the classic format with nanoseconds; PCAP_FILE_HEAD bytes. */
void pcap_file_head(uint8_t *to, uint32_t linktype, uint32_t snaplen);

static inline void pcapng_put32(uint8_t *to, uint32_t v)
{
    v = htole32(v);
    memcpy(to, &v, sizeof v);
}

static inline uint32_t pcapng_get32(const uint8_t *from)
{
    uint32_t v;
    memcpy(&v, from, sizeof v);
    return le32toh(v);
}

/** Bytes of an enhanced packet block without options. */
static inline size_t pcapng_packet_size(uint32_t caplen)
{
    return PCAPNG_PACKET_HEAD + (((size_t)caplen + 3) & ~(size_t)3) + 4;
}

/**
 * Enhanced packet block; pcapng_packet_size(caplen) bytes are written.
 *
 * interface  number of the interface block within the section, from 0
 */
static inline void pcapng_packet(uint8_t *to, uint32_t interface, uint64_t time_ns,
                                 const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
    size_t size = pcapng_packet_size(caplen);
    pcapng_put32(to, PCAPNG_PACKET);
    pcapng_put32(to + 4, (uint32_t)size);
    pcapng_put32(to + 8, interface);
    pcapng_put32(to + 12, (uint32_t)(time_ns >> 32));
    pcapng_put32(to + 16, (uint32_t)time_ns);
    pcapng_put32(to + 20, caplen);
    pcapng_put32(to + size - 8, 0); /* padding; what follows covers the rest of the word */
    pcapng_put32(to + 24, wirelen);
    memcpy(to + PCAPNG_PACKET_HEAD, data, caplen);
    pcapng_put32(to + size - 4, (uint32_t)size);
}

/** A packet of the classic format; PCAP_PACKET_HEAD + caplen bytes are written. */
static inline void pcap_packet(uint8_t *to, uint64_t time_ns, const uint8_t *data, uint32_t caplen,
                               uint32_t wirelen)
{
    pcapng_put32(to, (uint32_t)(time_ns / 1000000000));
    pcapng_put32(to + 4, (uint32_t)(time_ns % 1000000000));
    pcapng_put32(to + 8, caplen);
    pcapng_put32(to + 12, wirelen);
    memcpy(to + PCAP_PACKET_HEAD, data, caplen);
}
