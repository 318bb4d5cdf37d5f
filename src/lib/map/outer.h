/* SPDX-License-Identifier: MIT */
/** Maps of maps as helpers and the verifier see them. */
#pragma once

#include "map/map.h"

/** What the maps in a map are like, but for their number of entries; NULL if it holds none. */
const struct wn_map_info *wn_outer_inner(const struct wn_map *map);

/**
 * The map of a key, as a program is given it: the address of its struct wn_bound_map, which the
 * run notes. 0 if there is none.
 */
uint64_t wn_outer_find(const struct wn_map *map, const void *key, struct wn_run *run);

/** The map in it, or that has been, whose handle or one of whose values an address is; NULL. */
const struct wn_bound_map *wn_outer_around(struct wn_map *map, uint64_t address);

/** wn_map_quiesce() of maps of maps. */
void wn_outer_quiesce(struct wn_map *map);
