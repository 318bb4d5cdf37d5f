/* SPDX-License-Identifier: MIT */
/** What the engine is made of; only its own files include this. */
#pragma once

#include "daemon/engine.h"
#include "daemon/generation.h"
#include "daemon/output.h"
#include "daemon/tap.h"
#include "daemon/worker.h"

struct event;

/** Taps in a row that grows. */
struct tap_list {
    struct tap **items;
    size_t count, cap;
};

struct engine {
    struct event_base *base;
    struct engine_opts opts;
    struct stats *stats;
    struct worker worker;
    struct tap_host host; /* with the current generation */
    struct outlet_host outlet_host;
    struct outlet *extra; /* `-w` */
    struct tap_list taps;
    struct tap_list retired; /* not in the configuration any more, not empty yet */
    struct event *second;
    struct event *tick;
    uint64_t started_ns;
    bool stopping;
    size_t undrained; /* while stopping */
    struct output_totals *totals;
    struct wn_prog_info info;   /* what engine_filter_at() points into */
    struct output_state output; /* and engine_output_at() */
};

/** Make room for so many in all; 0 or -ENOMEM. */
int tap_list_reserve(struct tap_list *list, size_t count);

/** Add at the end; 0 or -ENOMEM. */
int tap_list_add(struct tap_list *list, struct tap *tap);
void tap_list_remove(struct tap_list *list, const struct tap *tap);
struct tap *tap_list_find(const struct tap_list *list, const char *name);

/** Set the timer of outputs to what the current generation needs. */
void engine_set_tick(struct engine *engine);

/** Let files say which interfaces they are about, also where no packet comes. */
void engine_announce(struct engine *engine);

/** Nanoseconds since 1970. */
uint64_t engine_now_ns(void);

/** Say that an interface cannot be opened. */
void engine_add_interface_error(struct diag_list *diags, const struct conf_interface *conf,
                                const struct wn_error *err);
