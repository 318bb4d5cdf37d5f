/* SPDX-License-Identifier: MIT */
/** Helpers that call functions of the program (base/repeat.h). */
#include <errno.h>

#include "base/repeat.h"
#include "helper/helper.h"
#include "helper/packet.h"
#include "map/map.h"

#define MOST_LOOPS (1u << 23) /* Linux: BPF_MAX_LOOPS */

/** Arguments of bpf_loop()'s function: how many there were before, and what the program gave. */
static bool next_of_loop(struct wn_run *run, struct wn_repeat *rep)
{
    (void)run;
    if (rep->result == rep->count)
        return false;
    rep->args[0] = rep->result++;
    return true;
}

/** As a helper that cannot begin: no calls, and this result. */
static bool no_next(struct wn_run *run, struct wn_repeat *rep)
{
    (void)run;
    (void)rep;
    return false;
}

HELPER(loop)
{
    uint32_t loops = (uint32_t)r1;
    /* Kernels put their own loop in the place of this call, which says that in 32 bits. */
    uint64_t refused = r4 ? (uint64_t)-EINVAL : loops > MOST_LOOPS ? (uint32_t)-E2BIG : 0;
    struct wn_repeat *rep = wn_repeat_begin(run, r2, refused ? no_next : next_of_loop);
    if (rep) {
        rep->result = refused;
        rep->count = loops;
        rep->args[1] = r3;
    }
    return 0;
}

/** Arguments of bpf_for_each_map_elem()'s function: the map, a key, its value, and what the program
 * gave. */
static bool next_element(struct wn_run *run, struct wn_repeat *rep)
{
    if (!wn_map_visit(rep->map, &rep->at, run->cpu)) {
        rep->key_bytes = 0;
        return false;
    }
    rep->args[1] = (uint64_t)(uintptr_t)rep->at.key;
    rep->args[2] = (uint64_t)(uintptr_t)rep->at.value;
    rep->result++;
    return true;
}

HELPER(for_each_map_elem)
{
    const struct wn_bound_map *map = wn_run_map(run, r1);
    struct wn_repeat *rep = wn_repeat_begin(run, r2, r4 ? no_next : next_element);
    if (rep) {
        rep->result = r4 ? wn_failure(EINVAL) : 0;
        rep->map = map->map;
        rep->key_bytes = map->key_bytes;
        rep->args[0] = r1;
        rep->args[3] = r3;
    }
    return 0;
}
