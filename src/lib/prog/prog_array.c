/* SPDX-License-Identifier: MIT */
/** Programs in program arrays. */
#include <errno.h>

#include "map/map.h"
#include "prog/prog.h"

static void hold(void *prog)
{
    wn_prog_hold(prog);
}

static void drop(void *prog)
{
    wn_prog_drop(prog);
}

/** A program of the array; NULL if there is none. */
static const struct wn_prog *any_of(const struct wn_map *map)
{
    const struct wn_prog *found = NULL;
    struct wn_map_info info;
    wn_map_info(map, &info);
    for (uint32_t i = 0; !found && i < info.max_entries; i++)
        found = wn_map_prog(map, i);
    return found;
}

int wn_map_set_prog(struct wn_map *map, uint32_t index, struct wn_prog *prog)
{
    static const struct wn_map_owner owner = {hold, drop};
    const struct wn_prog *other = prog ? any_of(map) : NULL;
    if (other && other->info.type != prog->info.type)
        return -EINVAL;
    return wn_map_set_owned(map, index, prog, &owner);
}
