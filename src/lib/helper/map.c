/* SPDX-License-Identifier: MIT */
#include "map/map.h"

#include <winnow/map.h>

#include "helper/helper.h"
#include "map/outer.h"

/** The map that a checked argument names. */
static struct wn_map *map_of(const struct wn_run *run, uint64_t handle)
{
    return wn_run_map(run, handle)->map;
}

static const void *at(uint64_t address)
{
    return (const void *)(uintptr_t)address;
}

HELPER(map_lookup_elem)
{
    const struct wn_bound_map *map = wn_run_map(run, r1);
    if (map->type == WN_MAP_ARRAY_OF_MAPS || map->type == WN_MAP_HASH_OF_MAPS)
        return wn_outer_find(map->map, at(r2), run);
    return (uint64_t)(uintptr_t)wn_map_find(map->map, at(r2), run->cpu);
}

HELPER(map_update_elem)
{
    return (uint64_t)(int64_t)wn_map_put(map_of(run, r1), at(r2), at(r3), r4, run->cpu);
}

HELPER(map_delete_elem)
{
    return (uint64_t)(int64_t)wn_map_remove(map_of(run, r1), at(r2));
}

HELPER(map_push_elem)
{
    return (uint64_t)(int64_t)wn_map_put_last(map_of(run, r1), at(r2), r3);
}

HELPER(map_pop_elem)
{
    return (uint64_t)(int64_t)wn_map_get_next(map_of(run, r1), (void *)(uintptr_t)r2, true);
}

HELPER(map_peek_elem)
{
    return (uint64_t)(int64_t)wn_map_get_next(map_of(run, r1), (void *)(uintptr_t)r2, false);
}

/** As in the kernel, the number of the CPU has 32 bits. */
HELPER(map_lookup_percpu_elem)
{
    return (uint64_t)(uintptr_t)wn_map_find(map_of(run, r1), at(r2), (uint32_t)r3);
}

/** What cannot be called changes nothing: the program goes on. */
HELPER(tail_call)
{
    run->tailed = false;
    const struct wn_prog *next = wn_map_prog(map_of(run, r2), (uint32_t)r3);
    return next ? run->tail(run, next) : 0;
}
