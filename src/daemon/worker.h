/* SPDX-License-Identifier: MIT */
/**
 * The packet path: filter, verdict, outputs, counters. Nothing here allocates,
 * locks, logs or fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "daemon/conf.h"
#include "daemon/output.h"

struct stat_filter;
struct stat_interface;

/** Where the packets of one source go. */
struct route {
    const struct wn_prog *prog; /* NULL: everything is accepted */
    enum wn_prog_type type;     /* of prog: what its results mean */
    enum conf_returns returns;
    enum conf_on_fault on_fault;
    struct stat_filter *filter_stats; /* NULL without prog */
    struct stat_interface *stats;
    struct output **outputs;
    size_t n_outputs;
    struct output_source source;
};

/** One thread's. Zero but for `run` is ready for use. */
struct worker {
    struct wn_run *run;
    uint64_t accepted; /* since the start; a fault that is accepted counts */
    uint64_t limit;    /* stop after so many; 0: never */
    uint32_t keep_max; /* bytes kept of a packet, of which the filter sees all; 0: as many as there
                          are */
};

/** Send a route's packets through a program, borrowed for as long as the route is used. */
void worker_set_program(struct route *route, const struct wn_prog *prog);

/** Decide about one packet and hand it on. */
void worker_packet(struct worker *worker, const struct route *route, const struct wn_packet *pkt);

/** The end of a batch. */
void worker_flush(const struct route *route);

/** Whether the limit is reached, so that no further packet is to be offered. */
static inline bool worker_full(const struct worker *worker)
{
    return worker->limit && worker->accepted >= worker->limit;
}
