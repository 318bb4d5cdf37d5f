/* SPDX-License-Identifier: MIT */
#include "common/pcapng.h"

#include <stdbool.h>

/** Option codes: of every block, of a section, an interface, its statistics. */
enum {
    OPT_END = 0,
    OPT_COMMENT = 1,
    SHB_OS = 3,
    SHB_APPLICATION = 4,
    IF_NAME = 2,
    IF_TSRESOL = 9,
    IF_FILTER = 11,
    ISB_START = 2,
    ISB_END = 3,
    ISB_RECEIVED = 4,
    ISB_DROPPED = 5,
    ISB_ACCEPTED = 6,
    ISB_DELIVERED = 8,
};

/** A block being put together; `len` goes on counting where nothing fits any more. */
struct block {
    uint8_t *to;
    size_t room;
    size_t len;
    bool options; /* there is one, so an end of options is due */
};

static void put(struct block *b, const void *from, size_t n)
{
    if (b->len + n <= b->room)
        memcpy(b->to + b->len, from, n);
    b->len += n;
}

static void put16(struct block *b, uint16_t v)
{
    v = htole16(v);
    put(b, &v, sizeof v);
}

static void put32(struct block *b, uint32_t v)
{
    v = htole32(v);
    put(b, &v, sizeof v);
}

static void pad(struct block *b)
{
    static const uint8_t zero[4];
    put(b, zero, -b->len & 3);
}

static struct block begin(uint8_t *to, size_t room, uint32_t type)
{
    struct block b = {.to = to, .room = room};
    put32(&b, type);
    put32(&b, 0); /* the length, known at the end */
    return b;
}

static void option(struct block *b, uint16_t code, const void *value, size_t n)
{
    put16(b, code);
    put16(b, (uint16_t)n);
    put(b, value, n);
    pad(b);
    b->options = true;
}

/** Bytes of a text that go into an option: cut where no UTF-8 sequence is. */
static size_t text_len(const char *text)
{
    size_t n = strnlen(text, PCAPNG_STRING_MAX + 1);
    if (n <= PCAPNG_STRING_MAX)
        return n;
    n = PCAPNG_STRING_MAX;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
    if (text && *text)
        option(b, code, text, text_len(text));
}

/** Statistics have their own order of the halves: high, then low, as timestamps do. */
static void option_time(struct block *b, uint16_t code, uint64_t ns)
{
    uint32_t halves[2] = {htole32((uint32_t)(ns >> 32)), htole32((uint32_t)ns)};
    if (ns)
        option(b, code, halves, sizeof halves);
}

static void option_count(struct block *b, uint16_t code, uint64_t n)
{
    uint64_t v = htole64(n);
    if (n != UINT64_MAX)
        option(b, code, &v, sizeof v);
}

static size_t end(struct block *b)
{
    if (b->options)
        put32(b, OPT_END);
    put32(b, (uint32_t)(b->len + 4));
    if (b->len <= b->room)
        pcapng_put32(b->to + 4, (uint32_t)b->len);
    return b->len;
}

size_t pcapng_section(uint8_t *to, size_t room, const struct pcapng_section *section)
{
    struct block b = begin(to, room, PCAPNG_SECTION);
    put32(&b, PCAPNG_ORDER);
    put16(&b, 1); /* version 1.0 */
    put16(&b, 0);
    put32(&b, UINT32_MAX); /* length of the section: 64 bits, not known */
    put32(&b, UINT32_MAX);
    option_text(&b, OPT_COMMENT, section->comment);
    option_text(&b, SHB_OS, section->os);
    option_text(&b, SHB_APPLICATION, section->application);
    return end(&b);
}

size_t pcapng_interface(uint8_t *to, size_t room, const struct pcapng_interface *interface)
{
    struct block b = begin(to, room, PCAPNG_INTERFACE);
    put16(&b, interface->linktype);
    put16(&b, 0);
    put32(&b, interface->snaplen);
    option_text(&b, IF_NAME, interface->name);
    option(&b, IF_TSRESOL, &(uint8_t){9}, 1);
    if (interface->filter) {
        /* The first byte says what follows: 0 is text in libpcap's language. */
        size_t n = text_len(interface->filter);
        put16(&b, IF_FILTER);
        put16(&b, (uint16_t)(n + 1));
        put(&b, "", 1);
        put(&b, interface->filter, n);
        pad(&b);
    }
    return end(&b);
}

size_t pcapng_statistics(uint8_t *to, size_t room, const struct pcapng_statistics *s)
{
    struct block b = begin(to, room, PCAPNG_STATISTICS);
    put32(&b, s->interface);
    put32(&b, (uint32_t)(s->time_ns >> 32));
    put32(&b, (uint32_t)s->time_ns);
    option_time(&b, ISB_START, s->start_ns);
    option_time(&b, ISB_END, s->end_ns);
    option_count(&b, ISB_RECEIVED, s->received);
    option_count(&b, ISB_DROPPED, s->dropped);
    option_count(&b, ISB_ACCEPTED, s->accepted);
    option_count(&b, ISB_DELIVERED, s->delivered);
    return end(&b);
}

void pcap_file_head(uint8_t *to, uint32_t linktype, uint32_t snaplen)
{
    pcapng_put32(to, PCAP_MAGIC_NS);
    pcapng_put32(to + 4, 2 | 4 << 16); /* version 2.4: two 16-bit numbers */
    pcapng_put32(to + 8, 0);
    pcapng_put32(to + 12, 0);
    pcapng_put32(to + 16, snaplen);
    pcapng_put32(to + 20, linktype);
}
