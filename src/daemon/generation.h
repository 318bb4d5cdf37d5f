/* SPDX-License-Identifier: MIT */
/**
 * One complete set of filters, routes and outputs. Built aside, swapped in as a
 * whole, let go of when nobody holds it any more. What a reload did not touch
 * is shared with the generation before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/conf.h"
#include "daemon/output.h"
#include "daemon/worker.h"

struct diag_list;
struct filter;
struct stats;

/** Whom outputs ask and tell when they end. */
struct outlet_host {
    /* Totals of all sources, for the end of a file; they live until the next call. */
    const struct output_totals *(*totals)(void *arg, size_t *n);
    void *arg;
    int lost; /* the first code of an output that could not write everything; 0 */
};

/** An open output, shared by generations. */
struct outlet {
    unsigned refs;
    struct output *output;
    struct outlet_host *host; /* outlives it */
};

/** Wrap an open output, which is taken (and closed without memory, where the result is NULL). */
struct outlet *outlet_new(struct output *output, struct outlet_host *host);
void outlet_unref(struct outlet *outlet);

struct generation {
    unsigned refs;
    uint64_t number;         /* from 1 */
    uint64_t since_ns;       /* 1970 */
    struct conf *conf;       /* owned */
    struct filter **filters; /* as conf->filters */
    struct outlet **outlets; /* as conf->outputs; NULL before they are opened */
    struct outlet *extra;    /* of every route, besides its own; NULL */
    struct route *routes;    /* as conf->interfaces */
};

/**
 * Build a generation up to its filters. No route has outputs yet.
 *
 * conf    taken, also on failure
 * old     shares filters that have not changed; NULL at the start
 *
 * Returns 0, or a negative code with every reason added to diags.
 */
int generation_new(struct conf *conf, const struct generation *old, struct stats *stats,
                   struct generation **out, struct diag_list *diags);

/**
 * Give it its outputs, all or none: those of `old` that can go on do so under
 * the new configuration, the others are opened. What went on goes on as before
 * after a failure, so this is the last step that may fail.
 *
 * old     NULL at the start
 * extra   one more output for every route; NULL
 */
int generation_open_outputs(struct generation *generation, const struct generation *old,
                            struct outlet *extra, struct outlet_host *host, struct stats *stats,
                            struct diag_list *diags);

struct generation *generation_ref(struct generation *generation);

/** The last one who lets go frees it, and closes outputs that no other generation shares. */
void generation_unref(struct generation *generation);

/** Whether conf and the files of its programs are what this generation was made from. */
bool generation_is(const struct generation *generation, const struct conf *conf);

/** Route of an interface by its name; NULL if the generation has none. */
struct route *generation_route(const struct generation *generation, const char *interface);

/**
 * Prepare a route for the packets that its interface is about to deliver: its
 * program is compiled for their link type.
 *
 * source  output_source.id
 * dlt     DLT_ value of the packets
 *
 * Returns 0, or a negative code with the reason added to diags.
 */
int generation_bind(struct generation *generation, struct route *route, uint32_t source, int dlt,
                    struct diag_list *diags);
