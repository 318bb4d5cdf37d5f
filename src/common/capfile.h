/* SPDX-License-Identifier: MIT */
/** Capture files, read one packet after the other: pcap and pcapng, by libpcap. */
#pragma once

#include <stdint.h>

#include <winnow/prog.h>

struct capfile;

/**
 * Open a capture file.
 *
 * path  "-" is standard input
 * out   set on success alone; close with capfile_close()
 * err   says what is wrong with which file
 *
 * Returns 0, WN_E_FORMAT (no capture file, or one libpcap does not read),
 * -errno or -ENOMEM.
 */
int capfile_open(const char *path, struct capfile **out, struct wn_error *err);

/**
 * The next packet. Its data lives until the next call.
 *
 * Returns 1, 0 at the end, or WN_E_FORMAT or -EIO where the file is damaged:
 * err names file and packet, and the packets before it are as good as ever.
 */
int capfile_next(struct capfile *file, struct wn_packet *pkt, struct wn_error *err);

/** "standard input" or the path. */
const char *capfile_name(const struct capfile *file);

/** DLT_ value: what expressions are compiled for. */
int capfile_dlt(const struct capfile *file);

/** LINKTYPE_ value: what stands in files. */
int capfile_linktype(const struct capfile *file);

uint32_t capfile_snaplen(const struct capfile *file);

/** NULL is allowed. */
void capfile_close(struct capfile *file);

/** The LINKTYPE_ value of a DLT_ value, which differ for some; -1 if there is none. */
int capfile_linktype_of_dlt(int dlt);

/** "EN10MB" for a DLT_ value; "DLT 300" for one without a name; static memory of the thread. */
const char *capfile_dlt_name(int dlt);
