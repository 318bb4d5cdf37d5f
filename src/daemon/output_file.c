/* SPDX-License-Identifier: MIT */
/* Files in a directory: begun, rotated, completed; what happens when there is no room for them. */
#include "daemon/output_kind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/clock.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/conf.h"
#include "daemon/output_part.h"
#include "daemon/stats.h"
#include "daemon/writer.h"

#define SECOND      1000000000ull
#define BACKOFF_MAX (60 * SECOND)

enum condition {
    WRITING,
    FULL,    /* there is a file, but no room; tried again each second */
    BROKEN,  /* there is no file; a new one is tried with growing pauses */
    STOPPED, /* on_full = stop came true */
};

struct file_output {
    struct output base;
    struct writer writer;
    struct output_part part;
    uint64_t seq;
    enum condition condition;
    char reason[160];              /* why it is not as it should be; "" */
    uint64_t now_ns, monotonic_ns; /* of the last tick */
    uint64_t flushed_ns;           /* the rest is in monotonic time, too */
    uint64_t looked_ns;            /* at the file system */
    uint64_t rotate_ns;            /* when the interval is over; 0: not known yet */
    uint64_t retry_ns;             /* not before: opening a new file */
    uint64_t pause_ns;             /* until the attempt after that */
    uint64_t free_bytes;
};

static void let_go(struct file_output *f)
{
    writer_fini(&f->writer);
    free(f);
}

OWN_BY(file_output, struct file_output, let_go)

static uint64_t *cause_of(struct file_output *f)
{
    struct stat_output *s = f->base.stats;
    switch (f->condition) {
    case FULL: return &s->dropped_no_space;
    case STOPPED: return &s->dropped_stopped;
    case BROKEN:
    case WRITING: break;
    }
    return &s->dropped_io_error;
}

/** Remember why, and say so unless it is the reason already. */
__attribute__((format(printf, 4, 5))) static void explain(struct file_output *f,
                                                          enum log_level level, const char *event,
                                                          const char *fmt, ...)
{
    char text[sizeof f->reason];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (strcmp(text, f->reason) != 0)
        log_event(level, event, "output %s: %s", f->base.conf->name, text);
    memcpy(f->reason, text, sizeof text);
}

/* Beginning and completing files. */

static void retry_later(struct file_output *f)
{
    f->pause_ns = f->pause_ns == 0 ? SECOND : f->pause_ns * 2;
    if (f->pause_ns > BACKOFF_MAX)
        f->pause_ns = BACKOFF_MAX;
    f->retry_ns = f->monotonic_ns + f->pause_ns;
}

static void set_interval(struct file_output *f)
{
    uint64_t interval = f->base.conf->rotate_interval_ns;
    f->rotate_ns = interval ? f->monotonic_ns + (interval - f->now_ns % interval) : UINT64_MAX;
}

/** Go on in a file that has just been opened. */
static void begin(struct file_output *f, const struct output_part *part)
{
    f->part = *part;
    f->seq++;
    f->reason[0] = '\0';
    f->pause_ns = 0;
    f->base.stats->files_opened++;
    writer_begin(&f->writer, f->part.fd, f->base.conf->format == FORMAT_PCAP, WRITER_BLOCK);
}

/** The file gets its name; the writer has none then. */
static int complete(struct file_output *f, struct wn_error *err)
{
    struct wn_error own;
    err = err ? err : &own;
    writer_end(&f->writer);
    int r = output_part_complete(&f->part, err);
    if (r)
        log_event(LEVEL_WARNING, "output.lost", "output %s: %s", f->base.conf->name, err->text);
    else
        log_event(LEVEL_INFO, "output.completed", "output %s: %s", f->base.conf->name,
                  f->part.name);
    f->base.stats->files_completed += r == 0;
    return r;
}

/** End as well as it can be with a file that cannot be written any more. */
static void break_off(struct file_output *f, int r)
{
    f->condition = BROKEN;
    explain(f, LEVEL_ERROR, "output.error", "%.120s: %s", f->part.name, strerror(-r));
    writer_discard(&f->writer, &f->base.stats->dropped_io_error);
    complete(f, NULL);
    retry_later(f);
}

static void stop(struct file_output *f)
{
    writer_discard(&f->writer, &f->base.stats->dropped_no_space);
    complete(f, NULL);
    f->condition = STOPPED;
    log_event(LEVEL_ERROR, "output.stopped", "output %s: stopped, for on_full is stop",
              f->base.conf->name);
}

static void fill(struct file_output *f, const char *why)
{
    if (f->condition != FULL)
        explain(f, LEVEL_WARNING, "output.full", "%s; packets are dropped", why);
    f->condition = FULL;
    if (f->base.conf->on_full == ON_FULL_STOP)
        stop(f);
}

/** Take note of what the writer said. */
static void note(struct file_output *f, int r)
{
    switch (r) {
    case 0:
    case -ENOMEM: break;
    case -ENOSPC:
    case -EDQUOT: fill(f, strerror(-r)); break;
    case -EPROTOTYPE:
        explain(f, LEVEL_ERROR, "output.linktype",
                "a pcap file holds one link type, packets of another are dropped; use pcapng");
        break;
    default: break_off(f, r);
    }
}

/** Go on in a new file. If there can be none the old one goes on. */
static void rotate(struct file_output *f)
{
    struct wn_error err;
    struct output_part part;
    int r = writer_flush(&f->writer);
    if (r) {
        note(f, r);
        return;
    }
    r = output_part_open(&part, f->base.conf, f->now_ns, &f->seq, &err);
    if (r) {
        explain(f, LEVEL_ERROR, "output.error", "%s", err.text);
        retry_later(f);
        return;
    }
    writer_trailer(&f->writer, NULL, 0, f->now_ns);
    (void)writer_flush(&f->writer); /* statistics: the file is whole without them, too */
    complete(f, NULL);
    begin(f, &part);
}

static void reopen(struct file_output *f)
{
    struct wn_error err;
    struct output_part part;
    if (output_part_open(&part, f->base.conf, f->now_ns, &f->seq, &err) != 0) {
        explain(f, LEVEL_ERROR, "output.error", "%s", err.text);
        retry_later(f);
        return;
    }
    begin(f, &part);
    set_interval(f);
    f->condition = WRITING;
    log_event(LEVEL_NOTICE, "output.resumed", "output %s: goes on in %s", f->base.conf->name,
              part.name);
}

/* Packets. */

static bool file_is_large(const struct file_output *f, uint32_t keep)
{
    uint64_t limit = f->base.conf->rotate_size;
    const struct writer *w = &f->writer;
    return limit && w->packets > 0 &&
           writer_size(w) + writer_record_size(w, keep) + writer_trailer_size(w) > limit;
}

static void file_packet(struct output *out, const struct output_source *src,
                        const struct wn_packet *pkt, uint32_t keep)
{
    struct file_output *f = (struct file_output *)out;
    if (f->condition == WRITING && file_is_large(f, keep) && f->monotonic_ns >= f->retry_ns)
        rotate(f);
    if (f->condition != WRITING) {
        ++*cause_of(f);
        return;
    }
    int r = writer_packet(&f->writer, src, pkt, keep);
    if (r == 0)
        return;
    note(f, r);
    ++*(r == -ENOSPC || r == -EDQUOT ? &out->stats->dropped_no_space
                                     : &out->stats->dropped_io_error);
}

static void file_announce(struct output *out, const struct output_source *src)
{
    struct file_output *f = (struct file_output *)out;
    if (f->condition == WRITING)
        note(f, writer_source(&f->writer, src));
}

static void file_flush(struct output *out)
{
    struct file_output *f = (struct file_output *)out;
    if (f->condition == WRITING && out->conf->flush_interval_ns == 0)
        note(f, writer_flush(&f->writer));
}

/* Time. */

/** Whether min_free is kept, as far as the file system says. */
static bool look_at_space(struct file_output *f)
{
    const struct conf_output *c = f->base.conf;
    struct statvfs v;
    if (fstatvfs(f->part.fd, &v) != 0)
        return true;
    f->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
    uint64_t total = (uint64_t)v.f_blocks * v.f_frsize;
    uint64_t wanted = c->min_free_percent ? total / 100 * c->min_free_percent : c->min_free;
    return f->free_bytes >= wanted;
}

static bool is_removed(const struct file_output *f)
{
    struct stat st;
    return fstat(f->part.fd, &st) == 0 && st.st_nlink == 0;
}

/** What goes into a file that nobody will ever see is lost: begin another as soon as there can be
 * one. */
static void replace(struct file_output *f)
{
    writer_discard(&f->writer, &f->base.stats->dropped_io_error);
    complete(f, NULL);
    f->condition = BROKEN;
    reopen(f);
}

/** Once a second while there is no room: one attempt to write. */
static void probe(struct file_output *f)
{
    int r = look_at_space(f) ? writer_flush(&f->writer) : -ENOSPC;
    if (r) {
        note(f, r);
        return;
    }
    f->condition = WRITING;
    f->reason[0] = '\0';
    log_event(LEVEL_NOTICE, "output.resumed", "output %s: there is room again", f->base.conf->name);
}

static void look(struct file_output *f)
{
    if (f->monotonic_ns - f->looked_ns < SECOND)
        return;
    f->looked_ns = f->monotonic_ns;
    if (f->condition == FULL) {
        probe(f);
        return;
    }
    if (is_removed(f)) {
        replace(f);
        return;
    }
    if (look_at_space(f))
        return;
    note(f, writer_flush(&f->writer)); /* what was accepted before is still written */
    if (f->condition == WRITING)
        fill(f, "less than min_free is left");
}

static void file_tick(struct output *out, uint64_t now_ns, uint64_t monotonic_ns)
{
    struct file_output *f = (struct file_output *)out;
    f->now_ns = now_ns;
    f->monotonic_ns = monotonic_ns;
    if (f->rotate_ns == 0)
        set_interval(f);
    if (f->condition == BROKEN && monotonic_ns >= f->retry_ns)
        reopen(f);
    if (f->condition == WRITING || f->condition == FULL)
        look(f);
    if (f->condition != WRITING)
        return;
    if (monotonic_ns >= f->rotate_ns && monotonic_ns >= f->retry_ns) {
        uint64_t before = out->stats->files_opened;
        rotate(f);
        if (out->stats->files_opened != before)
            set_interval(f);
    }
    if (f->condition == WRITING && monotonic_ns - f->flushed_ns >= out->conf->flush_interval_ns) {
        f->flushed_ns = monotonic_ns;
        note(f, writer_flush(&f->writer));
    }
}

/* The rest. */

static int file_adopt(struct output *out, const struct conf_output *conf)
{
    struct file_output *f = (struct file_output *)out;
    const struct conf_output *old = out->conf;
    if (strcmp(old->dir, conf->dir) != 0 || strcmp(old->pattern, conf->pattern) != 0 ||
        old->format != conf->format)
        return -EXDEV;
    if (old->rotate_interval_ns != conf->rotate_interval_ns)
        f->rotate_ns = 0; /* the next tick knows the time */
    if (f->condition == STOPPED && conf->on_full != ON_FULL_STOP) {
        f->condition = BROKEN;
        f->retry_ns = f->monotonic_ns;
    }
    return 0;
}

static void file_state(const struct output *out, struct output_state *state)
{
    const struct file_output *f = (const struct file_output *)out;
    static const char *const names[] = {
        [WRITING] = "ok", [FULL] = "full", [BROKEN] = "error", [STOPPED] = "stopped"};
    state->state = f->condition == WRITING && f->reason[0] ? "error" : names[f->condition];
    state->reason = f->reason[0] ? f->reason : NULL;
    state->file = f->part.fd >= 0 ? f->part.name : NULL;
    state->free_bytes = f->free_bytes;
}

static int file_close(struct output *out, const struct output_totals *totals, size_t n,
                      struct wn_error *err)
{
    OWN(file_output) struct file_output *f = (struct file_output *)out;
    if (f->part.fd < 0)
        return 0;
    if (f->writer.packets == 0 && n == 0) {
        output_part_remove(&f->part);
        return 0;
    }
    writer_trailer(&f->writer, totals, n, clock_ns(CLOCK_REALTIME));
    int r = writer_flush(&f->writer);
    bool space = r == -ENOSPC || r == -EDQUOT;
    uint64_t lost = writer_discard(&f->writer, space ? &out->stats->dropped_no_space
                                                     : &out->stats->dropped_io_error);
    int completed = complete(f, err);
    if (lost)
        return wn_fail(err, r, WN_NOWHERE, "output %s: %llu packets not written: %s",
                       out->conf->name, (unsigned long long)lost, strerror(-r));
    return completed;
}

static const struct output_ops file_ops = {
    .packet = file_packet,
    .announce = file_announce,
    .adopt = file_adopt,
    .flush = file_flush,
    .tick = file_tick,
    .state = file_state,
    .close = file_close,
};

static void complain(const struct conf_output *conf, struct diag_list *diags,
                     const struct wn_error *err)
{
    char section[CONF_NAME_MAX + 8];
    snprintf(section, sizeof section, "output %s", conf->name);
    struct diag_place at = {
        .file = conf->origin.file, .line = conf->origin.line, .section = section, .key = "dir"};
    diag_add(diags, DIAG_C060, at, NULL, "%s", err->text);
}

int output_file_open(const struct conf_output *conf, struct stat_output *stats, struct output **out,
                     struct diag_list *diags)
{
    struct wn_error err = {0};
    struct output_part part;
    OWN(file_output) struct file_output *f = calloc(1, sizeof *f);
    if (!f || writer_init(&f->writer, stats, WRITER_BUFFER) != 0)
        return -ENOMEM;
    f->base = (struct output){.ops = &file_ops, .conf = conf, .stats = stats};
    f->now_ns = clock_ns(CLOCK_REALTIME);
    f->free_bytes = UINT64_MAX;
    int r = output_part_repair(conf, &f->seq, &err);
    if (!r)
        r = output_part_open(&part, conf, f->now_ns, &f->seq, &err);
    if (r) {
        complain(conf, diags, &err);
        return r;
    }
    begin(f, &part);
    (void)look_at_space(f); /* so that free_bytes is known; the first tick acts on it */
    *out = &give(f)->base;
    return 0;
}
