/* SPDX-License-Identifier: MIT */
/** Maps as helpers and engines see them. */
#pragma once

#include "base/run.h"
#include "map/layout.h"

/**
 * The live value of a key, as bpf_map_lookup_elem gives it to a program: for the
 * run's CPU, without lock and without waiting. The memory stays the map's
 * whatever happens to the key.
 *
 * key  key_bytes of it
 *
 * NULL if the key is not there, if the map has no such CPU, or if its values are
 * not for programs to see.
 */
void *wn_map_find(struct wn_map *map, const void *key, uint32_t cpu);

/**
 * bpf_map_update_elem: as wn_map_update(), but of a per-CPU map the value of one
 * CPU alone; a new element is zero for the others. -EPERM if the map is
 * read-only for programs, -EINVAL if it has no such CPU, -EAGAIN if the key lies in
 * memory that another thread changed meanwhile.
 */
int wn_map_put(struct wn_map *map, const void *key, const void *value, uint64_t flags,
               uint32_t cpu);

/** bpf_map_delete_elem: as wn_map_delete(), -EPERM if the map is read-only for programs. */
int wn_map_remove(struct wn_map *map, const void *key);

/**
 * Where a program may reach values: all of them, those of deleted elements and of
 * other CPUs included, and nothing else of the map. 0 bytes if values are not for
 * programs to see.
 */
void wn_map_values(const struct wn_map *map, struct wn_region *out);
