/* SPDX-License-Identifier: MIT */
/** Following the ways through a program. */
#pragma once

#include "verify/graph.h"
#include "verify/join.h"
#include "verify/search.h"

struct wn_node {
    struct wn_state s;
    uint32_t number;
    uint32_t next;           /* at the same place, counted from 1 */
    struct wn_marks precise; /* numbers that something behind it depends on */
    uint32_t needs;          /* bytes of the packet that something behind it depends on */
    uint16_t times;
    uint16_t hits, misses; /* times that it was like what came there, or not */
    uint8_t clash;         /* register that told it apart from what came there last */
    bool waiting;
    bool open; /* the way that is being followed comes from here */
};

/** A way that has been put off. */
struct wn_way {
    struct wn_state s;
    uint32_t from;  /* node it comes from */
    uint32_t via;   /* jump back that it has just taken, or WN_NOWHERE */
    size_t trail;   /* steps that lead to it */
    uint32_t later; /* what is still to be done */
};

/** What comes back to a slot. */
enum wn_loop_kind { WN_LOOP_NONE, WN_LOOP_JUMP, WN_LOOP_AGAIN };

enum wn_phase {
    WN_JOINING,   /* ways that meet are joined, and loops widened */
    WN_EXPLORING, /* all ways are followed, those that look like one seen before excepted */
};

struct wn_walk {
    struct wn_search q; /* what its parts see */
    enum wn_phase phase;
    uint32_t *heads; /* of each slot: 0, or 1 + its first node counted from 1 */
    uint8_t *loops;  /* of each slot: enum wn_loop_kind */
    struct {
        struct wn_node **data;
        size_t len, cap;
    } nodes;
    struct {
        struct wn_way *data;
        size_t len, cap;
    } ways;
    struct {
        struct wn_edge *data;
        size_t len, cap;
    } edges;
    uint32_t from, via; /* of the way that is followed */
    struct wn_trail trail;
    struct wn_marks everything; /* all numbers matter */
    struct {
        struct wn_why *data;
        size_t len, cap;
    } lacks;                 /* of loops, by slots: what was found when ways were joined */
    struct wn_limits limits; /* joining: numbers that the program compares with */
    struct {
        uint32_t *data;
        size_t len, cap;
    } waiting; /* joining: nodes to be followed from, a heap by slot: what comes first is told first
                */
    struct wn_fact *facts; /* joining: what was found of each slot */
    uint64_t most_steps, most_nodes;
    uint64_t all_steps, all_nodes; /* of earlier attempts */
    uint64_t deadline;
    uint32_t restarts;
    bool brief;   /* exploring: there is little to be won */
    bool patient; /* exploring: what helpers call is followed as often as they may call it */
    bool late;    /* it takes longer than it may */
    bool lost;    /* there are too many ways */
};

/**
 * Follow all ways of a program once, in the manner of a phase.
 *
 * w   q.code, q.env, q.found, heads, loops, deadline are set
 *
 * Returns false if that takes too long that way. What it found is nothing to go by then, nor if
 * q.fatal, q.hopeless, q.heap.out or late is set.
 */
bool wn_walk(struct wn_walk *w, enum wn_phase phase);

/** Let go of everything. */
void wn_walk_fini(struct wn_walk *w);

/** Nanoseconds of a clock that nobody sets. */
uint64_t wn_walk_clock(void);

/** The first state that was kept at a slot, and the next one; NULL if there is none. */
const struct wn_node *wn_walk_first(const struct wn_walk *w, uint32_t slot);
const struct wn_node *wn_walk_next(const struct wn_walk *w, const struct wn_node *n);
