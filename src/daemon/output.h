/* SPDX-License-Identifier: MIT */
/**
 * Where accepted packets go. An output takes each packet or counts why it did
 * not; it never blocks the packet path for longer than a write() takes, and
 * never reports an error to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <winnow/prog.h>

struct conf_output;
struct diag_list;
struct output;
struct stat_output;

/** Where packets come from, as files describe it. */
struct output_source {
    const char *name;   /* interface or input file; borrowed */
    const char *filter; /* text of the filter; NULL: none */
    int linktype;       /* LINKTYPE_ value, as in files */
    uint32_t snaplen;
    uint32_t id; /* small number, unique among the sources of a process, stable across reloads */
};

/** Totals for the statistics block at the end of a file. */
struct output_totals {
    uint32_t source; /* output_source.id */
    uint64_t received, dropped, accepted;
};

/**
 * Open an output and what it needs (its directory, its first file).
 *
 * conf    borrowed for as long as the output lives
 * stats   where it counts; outlives it
 *
 * Returns 0, or a negative code with what is wrong added to diags.
 */
int output_open(const struct conf_output *conf, struct stat_output *stats, struct output **out,
                struct diag_list *diags);

/**
 * An output over an open descriptor, for `-w FILE` and `-w -`: one file, no
 * rotation, named as it is at once, flushed after each batch if `live`.
 *
 * A pipe whose reader is slow makes packets wait if not `live`, else they wait
 * in memory (4 MiB) and are dropped beyond that. A pipe whose reader is gone
 * makes the state "stopped", provided that the program ignores SIGPIPE.
 *
 * fd   taken, also on failure: closed by output_close()
 *
 * Returns 0, -EINVAL for a terminal, or -ENOMEM.
 */
int output_open_fd(int fd, const char *name, bool pcap, bool live, struct stat_output *stats,
                   struct output **out, struct wn_error *err);

/**
 * Go on under another configuration of the same name and type: what can change
 * without a new file does so, open files stay open.
 *
 * Returns 0, or -EXDEV if it cannot be changed in place.
 */
int output_adopt(struct output *out, const struct conf_output *conf);

/**
 * Describe a source that no packet may ever come from, so that even then the
 * file says that it was there. Otherwise a source is described by its first
 * packet.
 */
void output_announce(struct output *out, const struct output_source *src);

/** Take one packet; `keep` bytes of it at most. Never fails: what cannot be taken is counted. */
void output_packet(struct output *out, const struct output_source *src, const struct wn_packet *pkt,
                   uint32_t keep);

/** The end of a batch: write out what should not wait. */
void output_flush(struct output *out);

/** Once a second, and at least every flush interval: flush, rotate, look whether space came back.
 */
void output_tick(struct output *out, uint64_t now_ns, uint64_t monotonic_ns);

/**
 * Write everything, complete the file with its statistics, and let go. What
 * could not be written is counted as dropped. A file of a `[output]` that was
 * never given a packet is removed if there are no totals either.
 *
 * totals   one a source, for the statistics blocks; may be NULL if n is 0
 *
 * Returns 0, or a negative errno if something was lost (err says what).
 */
int output_close(struct output *out, const struct output_totals *totals, size_t n,
                 struct wn_error *err);

/** State for `winnowctl status`; strings live until the next call on this output. */
struct output_state {
    const char *state;   /* "ok", "full", "stopped", "error" */
    const char *reason;  /* why it is not ok; NULL */
    const char *file;    /* being written; NULL */
    uint64_t free_bytes; /* of the file system; UINT64_MAX: unknown */
};
void output_state(const struct output *out, struct output_state *state);
