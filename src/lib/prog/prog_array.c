/* SPDX-License-Identifier: MIT */
/** Programs in program arrays. */
#include "map/map.h"

#include <errno.h>

#include "prog/prog.h"

static void hold(void *prog)
{
    wn_prog_hold(prog);
}

static void drop(void *prog)
{
    wn_prog_drop(prog);
}

int wn_map_set_prog(struct wn_map *map, uint32_t index, struct wn_prog *prog)
{
    static const struct wn_map_owner owners[WN_PROG_TYPES] = {
        [WN_PROG_FILTER] = {hold, drop},
        [WN_PROG_XDP] = {hold, drop},
        [WN_PROG_SOCKET] = {hold, drop},
        [WN_PROG_TC] = {hold, drop},
    };
    return prog ? wn_map_set_owned(map, index, prog, &owners[prog->info.type]) : -EINVAL;
}
