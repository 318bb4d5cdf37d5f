/* SPDX-License-Identifier: MIT */
/**
 * The verifier: proves accesses safe and loops bounded, or has them checked when
 * the program runs.
 *
 * All ways through a program are followed, those that look like one seen before
 * excepted, until a budget is used up; then ways that meet are joined, and loops
 * widened. If even that takes too long, everything is checked at run time. So no
 * program is refused for being complicated.
 */
#pragma once

#include <winnow/prog.h>

#include "isa/code.h"

/** What the verifier has to know of a map. */
struct wn_verify_map {
    const char *name;
    uint32_t type; /* enum wn_map_type */
    uint32_t key_bytes;
    uint32_t value_bytes;
    bool readable, writable; /* by programs */
    bool has_lock;           /* its values have one, */
    uint32_t lock_at;        /* 4 bytes from here on, which nobody else uses */
    bool inner;              /* no map of the program's, but what those in one are like */
    uint32_t holds;          /* maps of maps: the number of what they hold; else 0 */
    uint64_t address;        /* of the value of the only element; 0 if there are more */
    const uint8_t *constant; /* that value, if nobody can write it; else NULL */
};

struct wn_verify_env {
    enum wn_prog_type type;
    const struct wn_verify_map *maps; /* by number, then what those that hold maps hold */
    uint32_t n_maps;                  /* all of them */
    bool strict;                      /* what is not proved is rejected */
    uint64_t most_ns, most_bytes;
    wn_log_fn log; /* may be NULL */
    void *log_arg;
    bool explain; /* keep `unproved` */
};

/** What has been found besides marks. */
struct wn_verified {
    bool in_place;           /* the packet is only read, and its addresses are only used as such */
    bool reads_unwritten;    /* stack that it may read before it writes it */
    uint32_t loops, fuelled; /* jumps that close loops */
    uint32_t calls, checked; /* calls of helpers that are given memory, maps or the context */
    uint64_t steps, states, bytes, ns;
    struct wn_error *unproved; /* with explain: the caller frees it */
    uint32_t n_unproved;
};

/**
 * Verify a program.
 *
 * code   decoded, checked by wn_flow_check(), its helpers resolved (wn_resolve()), which are
 *        this library's. Its marks are set: of accesses, of jumps back and local calls (proved:
 * they spend no fuel) and of helpers' calls (proved: their arguments need no check) Its facts are
 * set, if some were found out    filled on success err    the first thing wrong, by slot
 *
 * Returns 0, WN_E_REJECTED (wrong in every run that comes there; with strict also what is
 * not proved), WN_E_LIMIT (time or memory) or -ENOMEM.
 */
int wn_verify(struct wn_code *code, const struct wn_verify_env *env, struct wn_verified *out,
              struct wn_error *err);
