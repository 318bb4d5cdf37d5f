/* SPDX-License-Identifier: MIT */
/** Program arrays: what tail calls go through. */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "map/kind.h"
#include "map/map.h"
#include "map/outer.h"

/**
 * A program that is replaced may be running, or about to: no lock keeps a run
 * from it. So it stays owned until somebody says that nothing runs.
 */
struct prog_array {
    struct wn_map map; /* the values are pointers */
    struct wn_lock lock;
    const struct wn_map_owner *owner; /* of all programs in it, for ever; NULL before the first */
    uint32_t count;
    struct {
        void **data; /* each once */
        size_t len, cap;
    } replaced;
};

static struct prog_array *array_of(const struct wn_map *map)
{
    return (struct prog_array *)(uintptr_t)map;
}

static void **slot_of(const struct wn_map *map, uint32_t index)
{
    return (void **)(map->memory + (size_t)index * sizeof(void *));
}

void *wn_map_prog(const struct wn_map *map, uint32_t index)
{
    if (map->type != WN_MAP_PROG_ARRAY || index >= map->max_entries)
        return NULL;
    return __atomic_load_n(slot_of(map, index), __ATOMIC_ACQUIRE);
}

/** Keep a program that is no longer in the array; there is room. */
static void retire(struct prog_array *a, void *prog)
{
    for (size_t i = 0; i < a->replaced.len; i++)
        if (a->replaced.data[i] == prog) {
            a->owner->drop(prog); /* not the last time */
            return;
        }
    a->replaced.data[a->replaced.len++] = prog;
}

/** Put a program, which has been held for the array, or nothing, in the place of what is there. */
static int exchange(struct prog_array *a, uint32_t index, void *prog)
{
    void **slot = slot_of(&a->map, index);
    if (!prog && !*slot)
        return -ENOENT;
    if (a->replaced.len == a->replaced.cap &&
        !wn_vec_grow((void **)&a->replaced.data, &a->replaced.cap, a->replaced.len, sizeof(void *)))
        return -ENOMEM;
    void *old = __atomic_exchange_n(slot, prog, __ATOMIC_ACQ_REL);
    a->count += (prog != NULL) - (old != NULL);
    if (old)
        retire(a, old);
    return 0;
}

int wn_map_set_owned(struct wn_map *map, uint32_t index, void *prog,
                     const struct wn_map_owner *owner)
{
    struct prog_array *a = array_of(map);
    if (map->type != WN_MAP_PROG_ARRAY)
        return -EINVAL;
    int r = wn_map_begin_write(map);
    if (!r && index >= map->max_entries)
        r = -E2BIG;
    if (!r) {
        owner->hold(prog);
        wn_lock_hold(&a->lock);
        if (!a->owner)
            a->owner = owner;
        r = a->owner == owner ? exchange(a, index, prog) : -EINVAL;
        wn_lock_drop(&a->lock);
        if (r)
            owner->drop(prog);
    }
    return wn_map_end_write(map, r);
}

static int prog_array_remove(struct wn_map *map, const void *key)
{
    struct prog_array *a = array_of(map);
    uint32_t i;
    memcpy(&i, key, sizeof i);
    if (i >= map->max_entries)
        return -E2BIG;
    wn_lock_hold(&a->lock);
    int r = exchange(a, i, NULL);
    wn_lock_drop(&a->lock);
    return r;
}

void wn_map_quiesce(struct wn_map *map)
{
    struct prog_array *a = array_of(map);
    wn_outer_quiesce(map);
    if (map->type != WN_MAP_PROG_ARRAY)
        return;
    wn_lock_hold(&a->lock);
    void **replaced = a->replaced.data;
    size_t n = a->replaced.len;
    a->replaced.data = NULL;
    a->replaced.len = a->replaced.cap = 0;
    wn_lock_drop(&a->lock);
    for (size_t i = 0; i < n; i++)
        a->owner->drop(replaced[i]);
    free(replaced);
}

static void prog_array_abandon(struct wn_map *map)
{
    struct prog_array *a = array_of(map);
    for (uint32_t i = 0; a->count; i++) {
        void *prog = __atomic_exchange_n(slot_of(map, i), NULL, __ATOMIC_ACQ_REL);
        if (!prog)
            continue;
        a->count--;
        a->owner->drop(prog);
    }
    wn_map_quiesce(map);
}

static uint32_t prog_array_count(const struct wn_map *map)
{
    struct prog_array *a = array_of(map);
    wn_lock_hold(&a->lock);
    uint32_t n = a->count;
    wn_lock_drop(&a->lock);
    return n;
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .get = wn_map_get_refused,
    .put = wn_map_put_refused,
    .remove = prog_array_remove,
    .next = wn_array_next,
    .count = prog_array_count,
    .abandon = prog_array_abandon,
};

/** Kernel: fd_array_map_alloc_check, then array_map_alloc_check. */
int wn_map_check_fd_array(const struct wn_map_opts *o, struct wn_error *err)
{
    if (o->value_bytes != 4)
        return wn_map_invalid(o, err, "values that are numbers of something have 4 bytes");
    if (o->key_bytes != 4)
        return wn_map_invalid(o, err, "the keys of an array have 4 bytes");
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->flags & ~(uint32_t)(WN_MAP_NUMA_NODE | WN_MAP_RDONLY | WN_MAP_WRONLY))
        return wn_map_invalid(o, err, "such an array does not take these flags");
    return 0;
}

int wn_prog_array_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = wn_map_check_fd_array(opts, err);
    if (r)
        return r;
    return wn_map_make(opts, &ops, sizeof(struct prog_array),
                       (wn_map_bytes)opts->max_entries * sizeof(void *), out, err);
}
