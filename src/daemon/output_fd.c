/* SPDX-License-Identifier: MIT */
/* One file or pipe that somebody else opened: -w FILE, -w -. */
#include "daemon/output_kind.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/stats.h"
#include "daemon/writer.h"

enum { CLOSE_WAIT_MS = 1000 }; /* for the reader of a live pipe to take the rest */

struct fd_output {
    struct output base;
    struct writer writer;
    char *name;
    bool live;
    uint64_t tried_ns; /* monotonic, the last attempt on a full disk */
    bool full;         /* no room on the disk */
    bool slow;         /* no room in the pipe: said once until it was empty again */
    int error;         /* what ended it; 0 */
    bool foreign_link; /* a packet did not fit a classic file */
};

static void let_go(struct fd_output *f)
{
    if (f->writer.fd >= 0)
        close(f->writer.fd);
    writer_fini(&f->writer);
    free(f->name);
    free(f);
}

OWN_BY(fd_output, struct fd_output, let_go)

/** Why packets are refused from now on, and where they are counted. */
static uint64_t *cause_of(struct fd_output *f)
{
    if (f->error == -EPIPE)
        return &f->base.stats->dropped_stopped;
    return f->error ? &f->base.stats->dropped_io_error : &f->base.stats->dropped_no_space;
}

/** Take note of what writing said. */
static void note(struct fd_output *f, int r)
{
    if (r == 0) {
        if (f->full)
            log_event(LEVEL_NOTICE, "output.resumed", "%s: there is room again", f->name);
        f->full = f->slow = false;
    } else if (r == -ENOBUFS) {
        if (!f->slow)
            log_event(LEVEL_WARNING, "output.slow", "%s: the reader is too slow, packets are lost",
                      f->name);
        f->slow = true;
    } else if (r == -ENOSPC || r == -EDQUOT) {
        if (!f->full)
            log_event(LEVEL_WARNING, "output.full", "%s: %s, packets are lost", f->name,
                      strerror(-r));
        f->full = true;
    } else if (r == -EPROTOTYPE) {
        f->foreign_link = true;
    } else if (r != -EAGAIN && r != -ENOMEM) {
        f->error = r;
        writer_discard(&f->writer, cause_of(f));
        if (r != -EPIPE)
            log_event(LEVEL_ERROR, "output.error", "%s: %s", f->name, strerror(-r));
    }
}

static void fd_packet(struct output *out, const struct output_source *src,
                      const struct wn_packet *pkt, uint32_t keep)
{
    struct fd_output *f = (struct fd_output *)out;
    if (f->error || f->full) {
        ++*cause_of(f);
        return;
    }
    int r = writer_packet(&f->writer, src, pkt, keep);
    if (r == 0)
        return;
    note(f, r);
    ++*(r == -EPROTOTYPE ? &out->stats->dropped_io_error : cause_of(f));
}

static void fd_announce(struct output *out, const struct output_source *src)
{
    struct fd_output *f = (struct fd_output *)out;
    if (!f->error && !f->full)
        note(f, writer_source(&f->writer, src));
}

static void fd_flush(struct output *out)
{
    struct fd_output *f = (struct fd_output *)out;
    if (f->live && !f->error && !f->full)
        note(f, writer_flush(&f->writer));
}

static void fd_tick(struct output *out, uint64_t now_ns, uint64_t monotonic_ns)
{
    struct fd_output *f = (struct fd_output *)out;
    (void)now_ns;
    if (f->error || (f->full && monotonic_ns - f->tried_ns < 1000000000))
        return;
    f->tried_ns = monotonic_ns;
    note(f, writer_flush(&f->writer));
}

static void fd_state(const struct output *out, struct output_state *state)
{
    const struct fd_output *f = (const struct fd_output *)out;
    state->file = f->name;
    if (f->error == -EPIPE) {
        state->state = "stopped";
        state->reason = "the reader is gone";
    } else if (f->error) {
        state->state = "error";
        state->reason = strerror(-f->error);
    } else if (f->full) {
        state->state = "full";
        state->reason = "no space left on the disk";
    } else if (f->slow) {
        state->state = "full";
        state->reason = "the reader is too slow";
    } else if (f->foreign_link) {
        state->state = "error";
        state->reason = "a pcap file holds one link type; pcapng holds any";
    }
}

/** Flush a pipe whose reader may need a moment, but not for ever. */
static int flush_bounded(struct fd_output *f)
{
    uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    for (;;) {
        int r = writer_flush(&f->writer);
        uint64_t spent = (clock_ns(CLOCK_MONOTONIC) - begun) / CLOCK_MS;
        if (r != -EAGAIN || spent >= CLOSE_WAIT_MS)
            return r;
        struct pollfd p = {.fd = f->writer.fd, .events = POLLOUT};
        poll(&p, 1, (int)(CLOSE_WAIT_MS - spent));
    }
}

static int fd_close(struct output *out, const struct output_totals *totals, size_t n,
                    struct wn_error *err)
{
    OWN(fd_output) struct fd_output *f = (struct fd_output *)out;
    int r = f->error;
    if (!r) {
        writer_trailer(&f->writer, totals, n, f->live ? clock_ns(CLOCK_REALTIME) : 0);
        r = flush_bounded(f);
    }
    uint64_t lost =
        writer_discard(&f->writer, r == -EAGAIN ? &out->stats->dropped_closing : cause_of(f));
    int fd = f->writer.fd;
    f->writer.fd = -1;
    if (close(fd) != 0 && !r) /* a network file system may tell only now */
        r = -errno;
    if (!r)
        out->stats->files_completed++;
    if (r == -EAGAIN)
        return wn_fail(err, r, WN_NOWHERE, "%.60s: the reader is too slow, %llu packets lost",
                       f->name, (unsigned long long)lost);
    return r ? wn_fail(err, r, WN_NOWHERE, "%.60s: %s", f->name, strerror(-r)) : 0;
}

static const struct output_ops fd_ops = {
    .packet = fd_packet,
    .announce = fd_announce,
    .flush = fd_flush,
    .tick = fd_tick,
    .state = fd_state,
    .close = fd_close,
};

int output_open_fd(int fd, const char *name, bool pcap, bool live, struct stat_output *stats,
                   struct output **out, struct wn_error *err)
{
    OWN(fd_output) struct fd_output *f = calloc(1, sizeof *f);
    if (!f) {
        close(fd);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    }
    int r = writer_init(&f->writer, stats, live ? WRITER_PIPE_BUFFER : WRITER_BUFFER);
    f->base = (struct output){.ops = &fd_ops, .stats = stats};
    f->writer.fd = fd;
    f->live = live;
    f->name = strdup(name);
    if (r || !f->name)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory");
    if (isatty(fd))
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "%.60s is a terminal; packets are for a file or a pipe", name);
    writer_begin(&f->writer, fd, pcap, live ? WRITER_NO_WAIT : WRITER_BLOCK);
    stats->files_opened++;
    *out = &give(f)->base;
    return 0;
}
