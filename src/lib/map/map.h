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
 * What finds values in this map: wn_map_find() of r1, the address of the map (no
 * handle), and r2, that of a key. For hashes with keys of the usual sizes it is made
 * for them.
 */
wn_helper_fn wn_map_finder(const struct wn_map *map);

/**
 * The next element, for bpf_for_each_map_elem: of arrays in the order of indices, of hashes in
 * none. The element at hand may be deleted meanwhile.
 *
 * at  all zero at first; then the element
 *
 * False if there are no more, or the map has no such CPU.
 */
bool wn_map_visit(struct wn_map *map, struct wn_cursor *at, uint32_t cpu);

/**
 * bpf_map_update_elem: as wn_map_update(), but of a per-CPU map the value of one
 * CPU alone; a new element is zero for the others. -EPERM if the map is
 * read-only for programs, -EINVAL if it has no such CPU, -EAGAIN if the key lies in
 * memory that another thread changed meanwhile.
 */
int wn_map_put(struct wn_map *map, const void *key, const void *value, uint64_t flags,
               uint32_t cpu);

/**
 * bpf_map_delete_elem: as wn_map_delete(), -EPERM if the map is read-only for programs,
 * -EOPNOTSUPP if its values are programs, which only the embedder changes.
 */
int wn_map_remove(struct wn_map *map, const void *key);

/**
 * bpf_map_push_elem: as wn_map_push(), -EPERM if the map is read-only for programs,
 * -EOPNOTSUPP if it has keys.
 */
int wn_map_put_last(struct wn_map *map, const void *value, uint64_t flags);

/**
 * bpf_map_pop_elem, or without `take` bpf_map_peek_elem: as wn_map_pop() and
 * wn_map_peek(). Without a value there, `value` becomes zeros (never with a bloom
 * filter, whose value is only read).
 */
int wn_map_get_next(struct wn_map *map, void *value, bool take);

/**
 * A reference of a program to a map that it uses; wn_map_drop() ends it. It keeps
 * the memory, but is none of an owner: programs in program arrays and these
 * arrays may refer to each other in a circle, which the last owner breaks. So a
 * program that somebody owns must have its maps by wn_map_ref().
 */
struct wn_map *wn_map_hold(struct wn_map *map);
void wn_map_drop(struct wn_map *map);

/** How programs in a map are held; this room knows no more of them. */
struct wn_map_owner {
    void (*hold)(void *prog);
    void (*drop)(void *prog);
};

/**
 * wn_map_set_prog() for whoever knows programs. All of a map have the same owner,
 * that of the first one; another is refused with -EINVAL.
 */
int wn_map_set_owned(struct wn_map *map, uint32_t index, void *prog,
                     const struct wn_map_owner *owner);

/**
 * The program that a tail call goes to, NULL if there is none (or the map is no
 * program array). It may be run until wn_map_quiesce() is due, also if it is
 * replaced meanwhile.
 */
void *wn_map_prog(const struct wn_map *map, uint32_t index);

/** Describe a map to programs. */
void wn_map_bind(struct wn_map *map, struct wn_bound_map *out);

/**
 * Where a program may reach values: all of them, those of deleted elements and of
 * other CPUs included, and nothing else of the map. 0 bytes if values are not for
 * programs to see.
 */
void wn_map_values(const struct wn_map *map, struct wn_region *out);
