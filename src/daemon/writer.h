/* SPDX-License-Identifier: MIT */
/**
 * Records on their way into one file or pipe: a buffer of whole records, their
 * ledger, and what becomes of both when write() takes less than it was given.
 *
 * A regular file always ends with a whole record, as far as the system lets us:
 * after a short write it is cut back to the last one. A pipe cannot be cut, so
 * what was begun is finished before anything else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/output.h"

struct stat_output;

enum {
    WRITER_BUFFER = 256 << 10,    /* of a file */
    WRITER_PIPE_BUFFER = 4 << 20, /* of a live pipe, whose reader may be busy for a moment */
};

/** What a source has been up to; the position in the table is its id. */
struct writer_source {
    bool known;
    char *name, *filter; /* copies, for files that no packet of it comes to; may be NULL */
    int linktype;
    uint32_t snaplen;
    uint32_t interface;         /* number in the current file, from 1; 0: not described yet */
    uint64_t first_ns, last_ns; /* of its packets */
    uint64_t packets;           /* put into this output, ever */
};

/** Who waits when a pipe is full. */
enum writer_wait {
    WRITER_BLOCK,   /* we do */
    WRITER_NO_WAIT, /* nobody: what finds no room is dropped */
};

struct writer {
    int fd; /* -1: no file, everything is refused */
    bool pcap;
    bool regular; /* can be cut and never blocks */
    enum writer_wait wait;
    uint8_t *buf;
    size_t cap;
    size_t done; /* of the buffer: where the first record begins that is not on file entirely */
    size_t sent; /* bytes written, at least done */
    size_t len;
    uint64_t queued;       /* packets in the buffer */
    uint64_t queued_bytes; /* of these packets */
    uint64_t base;         /* offset in the file where we began */
    uint64_t good;         /* bytes of whole records on file */
    uint64_t packets;      /* put into the current file */
    uint32_t interfaces;   /* described in the current file */
    int linktype;          /* of a classic file; -1: not begun */
    struct writer_source *sources;
    size_t n_sources;
    struct stat_output *stats; /* borrowed */
};

/** Zero becomes a writer without a file. Returns 0 or -ENOMEM. */
int writer_init(struct writer *w, struct stat_output *stats, size_t cap);

void writer_fini(struct writer *w);

/** Begin a file: the descriptor is borrowed, the buffer must be empty. */
void writer_begin(struct writer *w, int fd, bool pcap, enum writer_wait wait);

/** Bytes of the file once everything in the buffer is written. */
static inline uint64_t writer_size(const struct writer *w)
{
    return w->good + (w->len - w->done);
}

/** Bytes a packet adds at most, the description of its source not counted. */
size_t writer_record_size(const struct writer *w, uint32_t caplen);

/** Bytes the statistics at the end take at most. */
size_t writer_trailer_size(const struct writer *w);

/**
 * Describe a source in the file, if it is not yet.
 *
 * Returns 0, -ENOBUFS without room, -ENOMEM, -EPROTOTYPE if a classic file
 * holds another link type.
 */
int writer_source(struct writer *w, const struct output_source *src);

/**
 * Put a packet into the buffer, writing the buffer out first if it is full.
 *
 * Returns 0, what writer_source() says, or what writer_flush() says; the caller
 * counts what is refused.
 */
int writer_packet(struct writer *w, const struct output_source *src, const struct wn_packet *pkt,
                  uint32_t keep);

/**
 * Write the buffer out and count what got there.
 *
 * Returns 0, -EAGAIN (a pipe is full and nobody waits) or the negative errno of
 * write(); what was not written stays in the buffer.
 */
int writer_flush(struct writer *w);

/**
 * Put what belongs at the end of a file: a statistics block for each source that
 * was ever described, and a description of those that have none in this file
 * (or of no interface at all: readers refuse a file without).
 *
 * now_ns   0: the time of the source's last packet, so that the same input gives the same file
 */
void writer_trailer(struct writer *w, const struct output_totals *totals, size_t n,
                    uint64_t now_ns);

/** Empty the buffer, counting the packets in it under a cause. Returns how many there were. */
uint64_t writer_discard(struct writer *w, uint64_t *cause);

/** Let go of the file. The buffer must be empty. */
void writer_end(struct writer *w);
