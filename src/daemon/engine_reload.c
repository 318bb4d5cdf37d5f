/* SPDX-License-Identifier: MIT */
/* The transaction: everything that can fail, then one pointer. */
#include "daemon/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag.h"
#include "common/log.h"
#include "common/own.h"
#include "daemon/capture.h"
#include "daemon/engine_inner.h"
#include "daemon/filter.h"
#include "daemon/link.h"
#include "daemon/notify.h"
#include "daemon/stats.h"

/* What is to become of one interface of the new configuration. */
struct move {
    struct tap *tap;
    struct capture *capture; /* opened beside; NULL */
    enum { MOVE_ADOPT, MOVE_SWITCH, MOVE_NEW } kind;
};

/* What is to become of all of them. */
struct plan {
    struct move *moves; /* as interfaces of the new configuration */
    size_t count;
};

static void plan_fini(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        capture_close(plan->moves[i].capture);
        if (plan->moves[i].kind == MOVE_NEW)
            tap_free(plan->moves[i].tap);
    }
    free(plan->moves);
    *plan = (struct plan){NULL, 0};
}

/* The tap that an interface goes on with; NULL: it needs a new one. */
static struct tap *going_on(const struct engine *e, const struct conf_interface *c)
{
    const struct conf *conf = e->host.current->conf;
    for (size_t i = 0; i < conf->n_interfaces; i++) {
        const struct conf_interface *old = &conf->interfaces[i];
        if (strcmp(old->name, c->name) == 0 && strcmp(old->device, c->device) == 0)
            return tap_list_find(&e->taps, c->name);
    }
    return NULL;
}

static const struct conf_interface *before(const struct engine *e, const char *name)
{
    const struct route *r = generation_route(e->host.current, name);
    return &e->host.current->conf->interfaces[r - e->host.current->routes];
}

static int make_move(struct engine *e, struct generation *next, size_t i, bool open,
                     struct move *move, struct diag_list *diags)
{
    const struct conf_interface *c = &next->conf->interfaces[i];
    struct route *route = &next->routes[i];
    struct wn_error err;
    move->tap = going_on(e, c);
    move->kind = !move->tap                                ? MOVE_NEW
                 : tap_same_capture(before(e, c->name), c) ? MOVE_ADOPT
                                                           : MOVE_SWITCH;
    if (move->kind == MOVE_NEW)
        move->tap = tap_new(&e->host, c, route->stats);
    if (!move->tap)
        return -ENOMEM;
    if (move->kind != MOVE_ADOPT && open) {
        int rc = tap_prepare(move->tap, c, &move->capture, &err);
        if (rc == 0 && !move->capture && c->on_missing == MISSING_FAIL &&
            link_look(e->host.links, c->device) == LINK_MISSING)
            rc = wn_fail(&err, -ENODEV, WN_NOWHERE, "there is no interface %.64s", c->device);
        if (rc < 0) {
            engine_add_interface_error(diags, c, &err);
            return rc;
        }
    }
    /* Compiled for every link type that may come, so that nothing can fail later. */
    int rc = 0;
    if (move->capture)
        rc = generation_bind(next, route, 0, capture_dlt(move->capture), diags);
    int dlt = tap_dlt(move->tap);
    if (rc == 0 && dlt >= 0)
        rc = generation_bind(next, route, tap_source(move->tap, dlt), dlt, diags);
    return rc;
}

static int make_plan(struct engine *e, struct generation *next, bool open, struct plan *plan,
                     struct diag_list *diags)
{
    int result = 0;
    plan->count = next->conf->n_interfaces;
    plan->moves = calloc(plan->count + 1, sizeof *plan->moves);
    if (!plan->moves) {
        plan->count = 0;
        return -ENOMEM;
    }
    for (size_t i = 0; i < plan->count; i++) {
        int rc = make_move(e, next, i, open, &plan->moves[i], diags);
        result = result ? result : rc;
    }
    return result;
}

/* Room for every tap that may come or go, so that the commit needs no memory. */
static int reserve(struct engine *e, const struct plan *plan)
{
    size_t most = e->taps.count + e->retired.count + plan->count;
    return tap_list_reserve(&e->taps, most) < 0 || tap_list_reserve(&e->retired, most) < 0 ? -ENOMEM
                                                                                           : 0;
}

static void commit(struct engine *e, struct generation *next, struct plan *plan)
{
    struct generation *old = e->host.current;
    next->since_ns = engine_now_ns();
    e->host.current = next;

    for (size_t i = e->taps.count; i-- > 0;) {
        struct tap *tap = e->taps.items[i];
        bool stays = false;
        for (size_t k = 0; k < plan->count; k++)
            stays = stays || plan->moves[k].tap == tap;
        if (stays)
            continue;
        tap_list_remove(&e->taps, tap);
        tap_list_add(&e->retired, tap);
        tap_retire(tap, old, old->conf->drain_timeout_ns);
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct move *m = &plan->moves[i];
        const struct conf_interface *c = &next->conf->interfaces[i];
        if (m->kind == MOVE_NEW)
            tap_list_add(&e->taps, m->tap);
        if (m->kind == MOVE_ADOPT)
            tap_adopt(m->tap, c);
        else
            tap_switch(m->tap, c, give(m->capture));
    }
    free(plan->moves);
    *plan = (struct plan){NULL, 0};
    generation_unref(old);
    log_set_level(next->conf->log_level);
    engine_set_tick(e);
    engine_announce(e);
}

/* Build everything beside what runs; swap if `apply`. */
static enum engine_outcome transact(struct engine *e, bool apply, struct diag_list *diags)
{
    struct conf *conf;
    struct generation *next = NULL;
    struct plan plan = {NULL, 0};
    if (conf_load(e->opts.conf_path, filter_check_all, &conf, diags) < 0)
        return ENGINE_REJECTED;
    if (generation_is(e->host.current, conf)) {
        conf_free(conf);
        return ENGINE_UNCHANGED;
    }
    conf_check_restart(e->host.current->conf, conf, diags);
    int rc = generation_new(conf, e->host.current, e->stats, &next, diags);
    if (rc == 0)
        rc = make_plan(e, next, apply, &plan, diags);
    if (rc == 0)
        rc = reserve(e, &plan);
    if (rc == 0 && diags->errors == 0 && apply)
        rc = generation_open_outputs(next, e->host.current, e->extra, &e->outlet_host, e->stats,
                                     diags);
    if (rc < 0 && diags->errors == 0)
        diag_add(diags, DIAG_C091, (struct diag_place){.file = e->opts.conf_path}, NULL, "%s",
                 wn_strerror(rc));
    bool good = rc == 0 && diags->errors == 0;
    if (good && apply) {
        commit(e, next, &plan);
    } else {
        plan_fini(&plan);
        generation_unref(next);
    }
    return good ? ENGINE_APPLIED : ENGINE_REJECTED;
}

static void tell(struct engine *e, enum engine_outcome outcome, const struct diag_list *diags)
{
    const struct generation *g = e->host.current;
    struct stat_process *stats = stats_process(e->stats);
    switch (outcome) {
    case ENGINE_APPLIED:
        stats->reloads_applied++;
        log_event(LEVEL_NOTICE, "config.applied", "generation %" PRIu64 " (%.6s) is active",
                  g->number, g->conf->id);
        notify_ready("generation %" PRIu64 " (%.6s) active", g->number, g->conf->id);
        break;
    case ENGINE_UNCHANGED:
        stats->reloads_unchanged++;
        log_event(LEVEL_INFO, "config.unchanged",
                  "nothing has changed, generation %" PRIu64 " goes on", g->number);
        notify_ready("generation %" PRIu64 " (%.6s) active", g->number, g->conf->id);
        break;
    case ENGINE_REJECTED:
        stats->reloads_rejected++;
        log_event(LEVEL_WARNING, "config.rejected",
                  "reload rejected: %zu error%s, generation %" PRIu64 " goes on", diags->errors,
                  diags->errors == 1 ? "" : "s", g->number);
        notify_ready("reload rejected: %zu error%s, generation %" PRIu64 " still active",
                     diags->errors, diags->errors == 1 ? "" : "s", g->number);
        break;
    }
}

enum engine_outcome engine_reload(struct engine *engine, bool check_only, struct diag_list *diags)
{
    if (engine->stopping) {
        diag_add(diags, DIAG_C090, (struct diag_place){.file = NULL}, NULL,
                 "the daemon is stopping");
        return ENGINE_REJECTED;
    }
    if (!engine->opts.conf_path)
        return ENGINE_UNCHANGED;
    if (check_only)
        return transact(engine, false, diags);
    notify_reloading();
    enum engine_outcome outcome = transact(engine, true, diags);
    tell(engine, outcome, diags);
    return outcome;
}
