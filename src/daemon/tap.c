/* SPDX-License-Identifier: MIT */
#include "daemon/tap.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/diag.h"
#include "common/log.h"
#include "daemon/generation.h"
#include "daemon/link.h"
#include "daemon/stats.h"
#include "daemon/worker.h"

#define MS UINT64_C(1000000)

/* A cut lies this far ahead, so that the new socket has seen everything since. */
#define CUT_AHEAD_NS (2 * MS)
/* A packet is in the rings this long after its stamp at the latest. */
#define CUT_SLACK_NS      (20 * MS)
#define DRAIN_PERIOD_NS   (5 * MS)
#define DRAIN_QUIET_NS    (10 * MS)
#define DRAIN_LIMIT_NS    (5000 * MS)
#define DOWN_PERIOD_NS    (100 * MS)
#define REOPEN_FIRST_NS   (100 * MS)
#define REOPEN_LONGEST_NS (10000 * MS)

/*
 * One opened capture. A tap has a row of them: the first is read, the last is
 * the one to stay, those before it are on their way out.
 */
struct stage {
    struct stage *next;
    struct tap *tap;
    struct capture *capture;
    struct event *readable;
    bool leaving;
    uint64_t timeout_ns; /* of its ring */
    uint64_t seal_ns;    /* when to seal it; 0: done. This and the next are monotonic */
    uint64_t idle_ns;    /* when it last had a packet */
    uint64_t drain_ns;   /* how long to drain at most */
    uint64_t limit_ns;   /* when to give up */
};

struct tap {
    struct tap_host *host;
    const struct conf_interface *conf;
    char *name, *device;
    struct stat_interface *stats;
    struct stage *stages;
    struct event *timer;
    enum tap_state state;
    char reason[160];
    bool retired, renamed, said; /* said: the state was logged */
    struct generation *held;     /* of a retired tap */
    int dlt;
    uint32_t source;
    uint64_t backoff_ns;
};

static void turn(evutil_socket_t fd, short what, void *arg);
static void advance(struct tap *tap);

/* --- stages --- */

static void stage_free(struct stage *s)
{
    if (s->readable)
        event_free(s->readable);
    capture_close(s->capture);
    free(s);
}

/* The capture that is to stay; NULL if there is none. */
static struct stage *live_stage(const struct tap *tap)
{
    struct stage *s = tap->stages;
    while (s && s->next)
        s = s->next;
    return s && !s->leaving ? s : NULL;
}

static void set_timer(struct tap *tap, uint64_t ns)
{
    struct timeval tv = {.tv_sec = (time_t)(ns / 1000000000),
                         .tv_usec = (suseconds_t)(ns % 1000000000 / 1000)};
    event_add(tap->timer, &tv);
}

/* The time that a stage has for draining begins when it is its turn to be read. */
static void start_draining(struct stage *s)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    s->idle_ns = s->seal_ns > now ? s->seal_ns : now;
    s->limit_ns = s->idle_ns + s->drain_ns;
}

/* Send a stage on its way out: sealed now, or at a later moment. */
static void leave(struct stage *s, uint64_t seal_ns, uint64_t drain_ns)
{
    s->leaving = true;
    s->seal_ns = seal_ns;
    s->drain_ns = drain_ns;
    if (!seal_ns)
        capture_seal(s->capture);
    start_draining(s);
    set_timer(s->tap, DRAIN_PERIOD_NS);
}

static void seal_due(struct tap *tap)
{
    for (struct stage *s = tap->stages; s; s = s->next) {
        if (!s->seal_ns || clock_ns(CLOCK_MONOTONIC) < s->seal_ns)
            continue;
        capture_seal(s->capture);
        s->seal_ns = 0;
    }
}

/* Whether everything that a stage has taken in is delivered, or it is time to give up. */
static bool stage_done(struct stage *s)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (s->seal_ns)
        return false;
    if (now >= s->limit_ns) {
        log_event(LEVEL_WARNING, "interface.undrained", "%s: gave up draining its ring",
                  s->tap->name);
        return true;
    }
    uint64_t quiet = now > s->idle_ns ? now - s->idle_ns : 0;
    if (quiet >= 2 * s->timeout_ns + 2 * DRAIN_QUIET_NS)
        return true;
    return quiet >= DRAIN_QUIET_NS && capture_empty(s->capture);
}

struct batch {
    struct worker *worker;
    const struct route *route;
};

static bool take(void *arg, const struct wn_packet *pkt)
{
    struct batch *b = arg;
    worker_packet(b->worker, b->route, pkt);
    return !worker_full(b->worker);
}

/* Read one batch. Returns the packets read, or a negative code. */
static int read_batch(struct stage *s)
{
    struct tap *tap = s->tap;
    struct tap_host *host = tap->host;
    struct generation *g = tap->held ? tap->held : host->current;
    struct batch b = {host->worker, generation_route(g, tap->name)};
    struct wn_error err;
    if (!b.route || worker_full(b.worker))
        return 0;
    int n = capture_dispatch(s->capture, g->conf->batch, take, &b, &err);
    if (n > 0) {
        s->idle_ns = clock_ns(CLOCK_MONOTONIC);
        worker_flush(b.route);
        host->flushed(host->arg);
    } else if (n < 0 && !s->leaving && capture_attached(s->capture)) {
        /* A rename looks like an error here, and is none: the link watch tells them apart. */
        log_event(LEVEL_DEBUG, "interface.read", "%s: %s", tap->name, err.text);
    }
    return n;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct stage *s = arg;
    struct tap *tap = s->tap;
    (void)fd;
    (void)what;
    int n = read_batch(s);
    if (worker_full(tap->host->worker))
        tap->host->enough(tap->host->arg);
    else if (s->leaving)
        advance(tap);
    else if (n < 0 || (n == 0 && capture_wants_timer(s->capture)))
        tap_look(tap);
}

/* --- states --- */

static const char *const state_words[] = {"missing", "down", "up", "error"};

static void set_state(struct tap *tap, enum tap_state state, const char *reason)
{
    bool same = tap->said && tap->state == state;
    snprintf(tap->reason, sizeof tap->reason, "%s", reason);
    if (same)
        return;
    if (tap->said)
        tap->stats->state_changes++;
    tap->said = true;
    tap->state = state;
    static const char *const events[] = {"interface.missing", "interface.down", "interface.up",
                                         "interface.error"};
    enum log_level level = state == TAP_UP ? LEVEL_NOTICE : LEVEL_WARNING;
    if (state == TAP_UP)
        tap->backoff_ns = REOPEN_FIRST_NS;
    if (state == TAP_UP || state == TAP_DOWN)
        log_event(level, events[state], "interface %s is %s", tap->name, state_words[state]);
    else
        log_event(level, events[state], "interface %s: %s; trying again until it works", tap->name,
                  reason);
}

/* The first stage is the one to be read from now on. */
static void begin(struct tap *tap)
{
    struct stage *s = tap->stages;
    struct generation *g = tap->held ? tap->held : tap->host->current;
    struct route *route = generation_route(g, tap->name);
    int dlt = capture_dlt(s->capture);
    struct diag_list diags = {0};
    if (route && generation_bind(g, route, tap_source(tap, dlt), dlt, &diags) < 0) {
        set_state(tap, TAP_ERROR, diags.count ? diags.items[0].message : "no memory");
        tap->stages = s->next;
        stage_free(s);
        if (tap->stages)
            begin(tap);
    } else {
        event_add(s->readable, NULL);
        start_draining(s);
    }
    diag_fini(&diags);
}

/* Add a capture, which is taken, at the end of the row. */
static int append(struct tap *tap, struct capture *capture)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s) {
        capture_close(capture);
        return -ENOMEM;
    }
    s->tap = tap;
    s->capture = capture;
    s->timeout_ns = tap->conf->timeout_ns;
    s->readable =
        event_new(tap->host->base, capture_fd(capture), EV_READ | EV_PERSIST, on_readable, s);
    if (!s->readable) {
        stage_free(s);
        return -ENOMEM;
    }
    struct stage **end = &tap->stages;
    while (*end)
        end = &(*end)->next;
    *end = s;
    tap->renamed = false;
    if (tap->stages == s)
        begin(tap);
    return 0;
}

static void opened(struct tap *tap, struct capture *capture)
{
    if (append(tap, capture) < 0)
        set_state(tap, TAP_ERROR, "no memory");
    else if (live_stage(tap))
        set_state(tap, TAP_UP, "");
}

/* Let go of stages that are done, and read the next. */
static void advance(struct tap *tap)
{
    while (tap->stages && tap->stages->leaving && stage_done(tap->stages)) {
        struct stage *s = tap->stages;
        tap->stages = s->next;
        stage_free(s);
        if (tap->stages)
            begin(tap);
    }
    if (!tap->stages && tap->retired)
        tap->host->drained(tap->host->arg, tap); /* frees the tap: nothing after this */
}

static void try_open(struct tap *tap)
{
    struct capture *capture;
    struct wn_error err;
    int rc = capture_open(tap->conf, tap->stats, &capture, &err);
    if (rc == 0)
        opened(tap, capture);
    else if (rc == -ENODEV)
        set_state(tap, TAP_MISSING, "there is no such interface");
    else if (rc == -ENETDOWN)
        set_state(tap, TAP_DOWN, "the interface is down");
    else
        set_state(tap, TAP_ERROR, err.text);
}

static void look_at_link(struct tap *tap)
{
    switch (link_look(tap->host->links, tap->device)) {
    case LINK_MISSING: set_state(tap, TAP_MISSING, "there is no such interface"); break;
    case LINK_DOWN: set_state(tap, TAP_DOWN, "the interface is down"); break;
    case LINK_UP: try_open(tap); break;
    }
}

/* An open capture: still there, under the same name, up? */
static void look_at_capture(struct tap *tap, struct stage *s)
{
    char name[IF_NAMESIZE];
    unsigned ifindex = capture_ifindex(s->capture);
    if (!capture_attached(s->capture)) {
        leave(s, 0, DRAIN_LIMIT_NS);
        set_state(tap, TAP_MISSING, "the interface has disappeared");
        look_at_link(tap); /* it may be back already */
        return;
    }
    if (ifindex == 0 || !link_name(tap->host->links, ifindex, name))
        return;
    bool other = strcmp(name, tap->device) != 0;
    if (other && !tap->renamed)
        log_event(LEVEL_WARNING, "interface.renamed",
                  "interface %s is called %s now and goes on; the configuration says %s", tap->name,
                  name, tap->device);
    tap->renamed = other;
    if (link_look(tap->host->links, name) == LINK_UP)
        set_state(tap, TAP_UP, "");
    else
        set_state(tap, TAP_DOWN, "the interface is down");
}

/* When to look again without being asked. */
static void plan(struct tap *tap)
{
    const struct stage *s = live_stage(tap);
    if (tap->stages && tap->stages->leaving) {
        set_timer(tap, DRAIN_PERIOD_NS);
    } else if (s && (tap->state != TAP_UP || capture_wants_timer(s->capture))) {
        set_timer(tap, DOWN_PERIOD_NS);
    } else if (!s && !tap->retired) {
        set_timer(tap, tap->backoff_ns);
        tap->backoff_ns *= 2;
        if (tap->backoff_ns > REOPEN_LONGEST_NS)
            tap->backoff_ns = REOPEN_LONGEST_NS;
    }
}

void tap_look(struct tap *tap)
{
    struct stage *s = live_stage(tap);
    if (tap->retired)
        return;
    if (s)
        look_at_capture(tap, s);
    else
        look_at_link(tap);
    if (!event_pending(tap->timer, EV_TIMEOUT, NULL))
        plan(tap);
}

/* The timer: a drain goes on, a fallen link is asked, a missing one is looked for. */
static void turn(evutil_socket_t fd, short what, void *arg)
{
    struct tap *tap = arg;
    struct stage *s = tap->stages;
    (void)fd;
    (void)what;
    plan(tap);
    seal_due(tap);
    if (s)
        read_batch(s);
    if (worker_full(tap->host->worker))
        tap->host->enough(tap->host->arg);
    else if (tap->retired || (s && s->leaving))
        advance(tap);
    else
        tap_look(tap);
}

/* --- life --- */

struct tap *tap_new(struct tap_host *host, const struct conf_interface *conf,
                    struct stat_interface *stats)
{
    struct tap *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->host = host;
    t->conf = conf;
    t->stats = stats;
    t->dlt = -1;
    t->backoff_ns = REOPEN_FIRST_NS;
    t->name = strdup(conf->name);
    t->device = strdup(conf->device);
    t->timer = event_new(host->base, -1, 0, turn, t);
    if (!t->name || !t->device || !t->timer) {
        tap_free(t);
        return NULL;
    }
    return t;
}

void tap_free(struct tap *tap)
{
    if (!tap)
        return;
    while (tap->stages) {
        struct stage *s = tap->stages;
        tap->stages = s->next;
        stage_free(s);
    }
    if (tap->timer)
        event_free(tap->timer);
    generation_unref(tap->held);
    free(tap->name);
    free(tap->device);
    free(tap);
}

const char *tap_name(const struct tap *tap)
{
    return tap->name;
}

enum tap_state tap_state(const struct tap *tap)
{
    return tap->state;
}

const char *tap_reason(const struct tap *tap)
{
    return tap->state == TAP_UP ? NULL : tap->reason;
}

int tap_dlt(const struct tap *tap)
{
    return tap->dlt;
}

uint32_t tap_source(struct tap *tap, int dlt)
{
    if (tap->dlt != dlt) {
        tap->source = tap->host->next_source++;
        tap->dlt = dlt;
    }
    return tap->source;
}

struct stat_interface *tap_stats(const struct tap *tap)
{
    return tap->stats;
}

/* Wait until no old ring is left: rings are large, and changes may come faster than they empty. */
static void settle(struct tap *tap)
{
    static const struct timespec pause = {.tv_nsec = (long)MS};
    while (tap->stages && tap->stages->leaving && !worker_full(tap->host->worker)) {
        seal_due(tap);
        if (read_batch(tap->stages) <= 0)
            nanosleep(&pause, NULL);
        advance(tap);
    }
}

int tap_prepare(struct tap *tap, const struct conf_interface *conf, struct capture **out,
                struct wn_error *err)
{
    struct capture *capture = NULL;
    settle(tap);
    int rc = capture_open(conf, tap->stats, &capture, err);
    if (rc < 0 && rc != -ENODEV && rc != -ENETDOWN)
        return rc;
    *out = capture;
    return 0;
}

void tap_switch(struct tap *tap, const struct conf_interface *conf, struct capture *capture)
{
    struct stage *old = live_stage(tap);
    tap->conf = conf;
    if (old && capture) {
        uint64_t cut = clock_ns(CLOCK_REALTIME) + CUT_AHEAD_NS;
        capture_gate_until(old->capture, cut);
        capture_gate_from(capture, cut);
        leave(old, clock_ns(CLOCK_MONOTONIC) + CUT_AHEAD_NS + CUT_SLACK_NS, DRAIN_LIMIT_NS);
    } else if (old) {
        leave(old, 0, DRAIN_LIMIT_NS);
    }
    if (capture)
        opened(tap, capture);
    tap_look(tap);
}

void tap_adopt(struct tap *tap, const struct conf_interface *conf)
{
    tap->conf = conf;
}

bool tap_same_capture(const struct conf_interface *a, const struct conf_interface *b)
{
    return strcmp(a->device, b->device) == 0 && a->snaplen == b->snaplen &&
           a->promisc == b->promisc && a->ring == b->ring && a->timeout_ns == b->timeout_ns &&
           a->immediate == b->immediate && a->direction == b->direction;
}

void tap_retire(struct tap *tap, struct generation *generation, uint64_t limit_ns)
{
    struct stage *s = live_stage(tap);
    if (tap->retired)
        return;
    tap->retired = true;
    tap->held = generation_ref(generation);
    if (s)
        leave(s, 0, limit_ns);
    /* From the loop, even if there is nothing to wait for: the caller may not expect it at once. */
    set_timer(tap, tap->stages ? DRAIN_PERIOD_NS : 0);
}

void tap_release(struct tap *tap)
{
    event_del(tap->timer);
    for (struct stage *s = tap->stages; s; s = s->next)
        event_del(s->readable);
    tap_poll(tap);
    generation_unref(tap->held);
    tap->held = NULL;
    tap->retired = true;
}

void tap_poll(struct tap *tap)
{
    for (struct stage *s = tap->stages; s; s = s->next)
        capture_poll(s->capture);
}
