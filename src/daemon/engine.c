/* SPDX-License-Identifier: MIT */
#include "daemon/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/engine_inner.h"
#include "daemon/link.h"
#include "daemon/notify.h"
#include "daemon/output_path.h"
#include "daemon/stats.h"

#define SECOND_NS UINT64_C(1000000000)

static void engine_drop(struct engine *engine)
{
    engine_free(engine);
}

OWN_BY(engine, struct engine, engine_drop)

/* --- small things --- */

int tap_list_reserve(struct tap_list *list, size_t count)
{
    if (count <= list->cap)
        return 0;
    struct tap **items = reallocarray(list->items, count + 8, sizeof(struct tap *));
    if (!items)
        return -ENOMEM;
    list->items = items;
    list->cap = count + 8;
    return 0;
}

int tap_list_add(struct tap_list *list, struct tap *tap)
{
    if (tap_list_reserve(list, list->count + 1) < 0)
        return -ENOMEM;
    list->items[list->count++] = tap;
    return 0;
}

void tap_list_remove(struct tap_list *list, const struct tap *tap)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] != tap)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

struct tap *tap_list_find(const struct tap_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(tap_name(list->items[i]), name) == 0)
            return list->items[i];
    }
    return NULL;
}

static void tap_list_fini(struct tap_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        tap_free(list->items[i]);
    free(list->items);
}

uint64_t engine_now_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

void engine_add_interface_error(struct diag_list *diags, const struct conf_interface *conf,
                                const struct wn_error *err)
{
    OWN(free) char *section = NULL;
    if (asprintf(&section, "interface %s", conf->name) < 0)
        section = NULL;
    struct diag_place at = {
        .file = conf->origin.file, .line = conf->origin.line, .section = section};
    diag_add_error(diags, DIAG_C036, at, NULL, err);
}

/* --- timers --- */

static void print_counts(struct engine *engine)
{
    uint64_t dropped = 0, rejected = 0, accepted = 0, faults = 0, delivered = 0;
    for (size_t i = 0; i < engine->taps.count; i++) {
        const struct stat_interface *s = tap_stats(engine->taps.items[i]);
        delivered += s->delivered_packets;
        accepted += s->accepted_packets;
        rejected += s->rejected_packets;
        faults += s->fault_packets;
        dropped += s->dropped_ring_full + s->dropped_interface;
    }
    time_t now = time(NULL);
    struct tm tm;
    char text[16];
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &tm));
    printf("%s  packets %" PRIu64 "  accepted %" PRIu64 "  rejected %" PRIu64 "  faults %" PRIu64
           "  dropped %" PRIu64 "\n",
           text, delivered, accepted, rejected, faults, dropped);
    if (fflush(stdout) != 0)
        engine_stop(engine); /* nobody reads them any more */
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
    struct engine *engine = arg;
    (void)fd;
    (void)what;
    engine_poll(engine);
    for (size_t i = 0; i < engine->taps.count; i++)
        tap_look(engine->taps.items[i]);
    if (engine->opts.count_lines && !engine->stopping)
        print_counts(engine);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct engine *engine = arg;
    const struct generation *g = engine->host.current;
    uint64_t now = engine_now_ns(), monotonic = clock_ns(CLOCK_MONOTONIC);
    (void)fd;
    (void)what;
    for (size_t i = 0; i < g->conf->n_outputs; i++)
        output_tick(g->outlets[i]->output, now, monotonic);
    if (engine->extra)
        output_tick(engine->extra->output, now, monotonic);
}

void engine_set_tick(struct engine *engine)
{
    const struct conf *conf = engine->host.current->conf;
    uint64_t ns = SECOND_NS;
    for (size_t i = 0; i < conf->n_outputs; i++) {
        uint64_t flush = conf->outputs[i].flush_interval_ns;
        if (flush && flush < ns)
            ns = flush;
    }
    ns = ns < SECOND_NS / 100 ? SECOND_NS / 100 : ns;
    struct timeval tv = {.tv_sec = (time_t)(ns / SECOND_NS),
                         .tv_usec = (suseconds_t)(ns % SECOND_NS / 1000)};
    event_add(engine->tick, &tv);
}

static int start_timers(struct engine *engine)
{
    static const struct timeval second = {.tv_sec = 1};
    engine->second = event_new(engine->base, -1, EV_PERSIST, on_second, engine);
    engine->tick = event_new(engine->base, -1, EV_PERSIST, on_tick, engine);
    if (!engine->second || !engine->tick || event_add(engine->second, &second) < 0)
        return -ENOMEM;
    engine_set_tick(engine);
    return 0;
}

/* --- what taps and outputs say --- */

static void leave_loop(struct engine *engine)
{
    engine->stopping = true;
    event_base_loopbreak(engine->base);
}

static void on_enough(void *arg)
{
    leave_loop(arg);
}

static void on_drained(void *arg, struct tap *tap)
{
    struct engine *engine = arg;
    if (tap_list_find(&engine->retired, tap_name(tap)) == tap) {
        tap_list_remove(&engine->retired, tap);
        tap_free(tap);
    }
    /* Taps of the last generation stay until its outputs are complete: these ask for totals. */
    if (engine->stopping && --engine->undrained == 0)
        leave_loop(engine);
}

static void on_flushed(void *arg)
{
    struct engine *engine = arg;
    struct output_state state;
    if (!engine->extra)
        return;
    output_state(engine->extra->output, &state);
    if (strcmp(state.state, "stopped") == 0 || strcmp(state.state, "error") == 0)
        leave_loop(engine);
}

static void on_link_change(void *arg)
{
    struct engine *engine = arg;
    for (size_t i = 0; i < engine->taps.count; i++)
        tap_look(engine->taps.items[i]);
}

static const struct output_totals *totals(void *arg, size_t *n)
{
    struct engine *engine = arg;
    struct output_totals *t =
        reallocarray(engine->totals, engine->taps.count + 1, sizeof(struct output_totals));
    *n = 0;
    if (!t)
        return NULL;
    engine->totals = t;
    engine_poll(engine);
    for (size_t i = 0; i < engine->taps.count; i++) {
        struct tap *tap = engine->taps.items[i];
        const struct stat_interface *s = tap_stats(tap);
        if (tap_dlt(tap) < 0)
            continue;
        t[(*n)++] = (struct output_totals){.source = tap_source(tap, tap_dlt(tap)),
                                           .received = s->received_packets,
                                           .dropped = s->dropped_ring_full + s->dropped_interface,
                                           .accepted = s->accepted_packets};
    }
    return t;
}

/* --- life --- */

static int open_extra(struct engine *engine, struct diag_list *diags)
{
    const struct engine_opts *o = &engine->opts;
    struct stat_output *stats = stats_output(engine->stats, "write");
    struct output *output;
    struct wn_error err;
    if (!stats)
        return -ENOMEM;
    if (output_open_path(o->write, o->write_pcap, false, stats, &output, &err) < 0) {
        diag_add_error(diags, DIAG_C060, (struct diag_place){.file = NULL}, NULL, &err);
        return -EXDEV;
    }
    engine->extra = outlet_new(output, &engine->outlet_host);
    return engine->extra ? 0 : -ENOMEM;
}

static int start_tap(struct engine *engine, const struct conf_interface *conf,
                     struct diag_list *diags)
{
    struct capture *capture = NULL;
    struct wn_error err;
    struct stat_interface *stats = stats_interface(engine->stats, conf->name);
    struct tap *tap = stats ? tap_new(&engine->host, conf, stats) : NULL;
    if (!tap || tap_list_add(&engine->taps, tap) < 0) {
        tap_free(tap);
        return -ENOMEM;
    }
    int rc = tap_prepare(tap, conf, &capture, &err);
    if (rc == 0 && !capture && conf->on_missing == MISSING_FAIL &&
        link_look(engine->host.links, conf->device) == LINK_MISSING)
        rc = wn_fail(&err, -ENODEV, WN_NOWHERE, "there is no interface %.64s", conf->device);
    if (rc < 0) {
        capture_close(capture);
        engine_add_interface_error(diags, conf, &err);
        return rc;
    }
    tap_switch(tap, conf, capture);
    return 0;
}

void engine_announce(struct engine *engine)
{
    for (size_t i = 0; i < engine->taps.count; i++) {
        const struct route *r =
            generation_route(engine->host.current, tap_name(engine->taps.items[i]));
        for (size_t k = 0; r && tap_dlt(engine->taps.items[i]) >= 0 && k < r->n_outputs; k++) {
            output_announce(r->outputs[k], &r->source);
            output_flush(r->outputs[k]);
        }
    }
}

static int start(struct engine *engine, struct conf *conf, struct diag_list *diags)
{
    struct generation *first;
    struct wn_error err;
    int rc = generation_new(conf, NULL, engine->stats, &first, diags);
    if (rc < 0)
        return rc;
    engine->host.current = first;
    first->since_ns = engine->started_ns;
    if (engine->opts.write)
        rc = open_extra(engine, diags);
    if (rc == 0)
        rc = generation_open_outputs(first, NULL, engine->extra, &engine->outlet_host,
                                     engine->stats, diags);
    if (rc < 0)
        return rc;
    rc = link_watch_open(engine->base, on_link_change, engine, &engine->host.links, &err);
    if (rc < 0) {
        diag_add_error(diags, DIAG_C036, (struct diag_place){.file = NULL}, NULL, &err);
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < first->conf->n_interfaces; i++)
        rc = start_tap(engine, &first->conf->interfaces[i], diags);
    if (rc == 0)
        engine_announce(engine);
    return rc == 0 ? start_timers(engine) : rc;
}

int engine_start(struct event_base *base, struct conf *conf, const struct engine_opts *opts,
                 struct engine **out, struct diag_list *diags)
{
    OWN(engine) struct engine *e = calloc(1, sizeof *e);
    if (!e) {
        conf_free(conf);
        return -ENOMEM;
    }
    e->base = base;
    e->opts = *opts;
    e->started_ns = engine_now_ns();
    e->stats = stats_new();
    e->worker = (struct worker){
        .run = wn_run_new(), .limit = opts->max_packets, .keep_max = opts->keep_max};
    e->outlet_host = (struct outlet_host){.totals = totals, .arg = e};
    e->host = (struct tap_host){.base = base,
                                .worker = &e->worker,
                                .arg = e,
                                .enough = on_enough,
                                .drained = on_drained,
                                .flushed = on_flushed};
    if (!e->stats || !e->worker.run) {
        conf_free(conf);
        return -ENOMEM;
    }
    int rc = start(e, conf, diags);
    if (rc == 0)
        *out = give(e);
    return rc;
}

void engine_stop(struct engine *engine)
{
    if (engine->stopping)
        return;
    engine->stopping = true;
    notify_stopping("draining the rings");
    engine->undrained = engine->taps.count + engine->retired.count;
    for (size_t i = 0; i < engine->taps.count; i++)
        tap_retire(engine->taps.items[i], engine->host.current,
                   engine->host.current->conf->drain_timeout_ns);
    if (engine->undrained == 0)
        leave_loop(engine);
}

void engine_finish(struct engine *engine)
{
    struct engine *e = engine;
    e->stopping = true;
    tap_list_fini(&e->retired);
    e->retired = (struct tap_list){NULL, 0, 0};
    for (size_t i = 0; i < e->taps.count; i++)
        tap_release(e->taps.items[i]);
    generation_unref(e->host.current);
    outlet_unref(e->extra);
    e->host.current = NULL;
    e->extra = NULL;
}

int engine_free(struct engine *engine)
{
    struct engine *e = engine;
    if (!e)
        return 0;
    if (e->second)
        event_free(e->second);
    if (e->tick)
        event_free(e->tick);
    link_watch_close(e->host.links);
    engine_finish(e);
    int lost = e->outlet_host.lost;
    tap_list_fini(&e->taps);
    wn_run_free(e->worker.run);
    stats_free(e->stats);
    free(e->totals);
    free(e);
    return lost == 0 || lost == -EPIPE ? 0 : EX_IOERR;
}
