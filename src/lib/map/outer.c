/* SPDX-License-Identifier: MIT */
/**
 * Maps of maps. What they hold lies in a table of its own, an array or a hash of addresses. A map
 * that is replaced may be in the hands of a run, so it stays until somebody says that nothing
 * runs (wn_map_quiesce()).
 */
#include "map/outer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "map/kind.h"

struct outer {
    struct wn_map map;
    struct wn_map *table;
    struct wn_map_info inner; /* what each must be like */
    struct wn_lock lock;      /* of changes */
    uint32_t count;
    struct {
        struct wn_map **data;
        size_t len, cap;
    } replaced;
};

static struct outer *outer_of(const struct wn_map *map)
{
    return (struct outer *)(uintptr_t)map;
}

static bool is_outer(const struct wn_map *map)
{
    return map->type == WN_MAP_ARRAY_OF_MAPS || map->type == WN_MAP_HASH_OF_MAPS;
}

const struct wn_map_info *wn_outer_inner(const struct wn_map *map)
{
    return is_outer(map) ? &outer_of(map)->inner : NULL;
}

/** The map of a key; NULL if there is none. */
static struct wn_map *find(const struct wn_map *map, const void *key)
{
    struct wn_map **at = wn_map_find(outer_of(map)->table, key, 0);
    return at ? __atomic_load_n(at, __ATOMIC_ACQUIRE) : NULL;
}

/* ---- Programs -------------------------------------------------------------------------------- */

uint64_t wn_outer_find(const struct wn_map *map, const void *key, struct wn_run *run)
{
    const struct wn_map *inner = find(map, key);
    if (!inner)
        return 0;
    for (uint32_t i = 0; i < run->n_inner && i < WN_INNER_MAPS; i++)
        if (run->inner[i] == &inner->bound)
            return (uint64_t)(uintptr_t)&inner->bound;
    run->inner[run->n_inner++ % WN_INNER_MAPS] = &inner->bound;
    return (uint64_t)(uintptr_t)&inner->bound;
}

static bool is_around(const struct wn_map *inner, uint64_t address)
{
    const struct wn_region *values = &inner->bound.values;
    return address == (uint64_t)(uintptr_t)&inner->bound || address - values->start < values->bytes;
}

const struct wn_bound_map *wn_outer_around(struct wn_map *map, uint64_t address)
{
    struct outer *o = outer_of(map);
    struct wn_cursor at = {0};
    const struct wn_bound_map *found = NULL;
    while (!found && wn_map_visit(o->table, &at, 0)) {
        const struct wn_map *inner = __atomic_load_n((struct wn_map **)at.value, __ATOMIC_ACQUIRE);
        found = inner && is_around(inner, address) ? &inner->bound : NULL;
    }
    wn_lock_hold(&o->lock);
    for (size_t i = 0; !found && i < o->replaced.len; i++)
        found = is_around(o->replaced.data[i], address) ? &o->replaced.data[i]->bound : NULL;
    wn_lock_drop(&o->lock);
    return found;
}

/** wn_map_finder(). */
static uint64_t find_inner(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5,
                           struct wn_run *run)
{
    (void)r3;
    (void)r4;
    (void)r5;
    return wn_outer_find((const struct wn_map *)(uintptr_t)map, (const void *)(uintptr_t)key, run);
}

static wn_helper_fn outer_finder(const struct wn_map *map)
{
    (void)map;
    return find_inner;
}

/* ---- The embedder ---------------------------------------------------------------------------- */

/** Kernel: bpf_map_meta_equal, array_map_meta_equal. */
static int check_inner(const struct wn_map_info *want, const struct wn_map *map,
                       struct wn_error *err)
{
    struct wn_map_info has;
    wn_map_info(map, &has);
    bool sized = want->type == WN_MAP_ARRAY && !(want->flags & WN_MAP_INNER_MAP);
    const char *what = has.type != want->type                 ? "type"
                       : has.key_bytes != want->key_bytes     ? "size of keys"
                       : has.value_bytes != want->value_bytes ? "size of values"
                       : has.flags != want->flags             ? "flags"
                       : has.has_lock != want->has_lock || has.lock_at != want->lock_at ? "lock"
                       : sized && has.max_entries != want->max_entries ? "number of entries"
                                                                       : NULL;
    return what ? wn_fail(err, -EINVAL, WN_NOWHERE,
                          "map '%.63s' cannot be an inner one here: it has another %s", map->name,
                          what)
                : 0;
}

/** Keep a map that is no longer there; there is room. */
static int make_room(struct outer *o)
{
    bool full = o->replaced.len == o->replaced.cap;
    return !full || wn_vec_grow((void **)&o->replaced.data, &o->replaced.cap, o->replaced.len,
                                sizeof(struct wn_map *))
               ? 0
               : -ENOMEM;
}

/** Put a map, which is owned by the table then, or take it out. */
static int exchange(struct outer *o, const void *key, struct wn_map *inner, uint64_t flags)
{
    struct wn_map *old = find(&o->map, key);
    int r = make_room(o);
    if (r == 0 && !inner && !old)
        r = -ENOENT;
    if (r == 0 && (inner || o->table->type == WN_MAP_ARRAY))
        r = o->table->ops->put(o->table, key, (const uint8_t *)&inner, flags, WN_ALL_CPUS);
    else if (r == 0)
        r = o->table->ops->remove(o->table, key);
    if (r)
        return r;
    if (old)
        o->replaced.data[o->replaced.len++] = old;
    o->count += (inner != NULL) - (old != NULL);
    return 0;
}

int wn_map_set_inner(struct wn_map *map, const void *key, struct wn_map *inner, uint64_t flags,
                     struct wn_error *err)
{
    struct outer *o = outer_of(map);
    if (!is_outer(map))
        return wn_fail(err, -EINVAL, WN_NOWHERE, "map '%.63s' does not hold maps", map->name);
    int r = wn_map_begin_write(map);
    r = r ? r : check_inner(&o->inner, inner, err);
    if (r == 0 && map->type == WN_MAP_ARRAY_OF_MAPS && flags != WN_MAP_ANY)
        r = -EINVAL;
    if (r == 0) {
        wn_map_ref(inner);
        wn_lock_hold(&o->lock);
        r = exchange(o, key, inner, flags);
        wn_lock_drop(&o->lock);
        if (r)
            wn_map_free(inner);
    }
    wn_map_end_write(map, r);
    return !r || (err && err->code == r)
               ? r
               : wn_fail(err, r, WN_NOWHERE, "map '%.63s': %s", map->name, wn_strerror(r));
}

int wn_map_get_inner(struct wn_map *map, const void *key, struct wn_map **out)
{
    struct outer *o = outer_of(map);
    if (!is_outer(map))
        return -EINVAL;
    wn_lock_hold(&o->lock);
    struct wn_map *inner = find(map, key);
    if (inner)
        *out = wn_map_ref(inner);
    wn_lock_drop(&o->lock);
    return inner ? 0 : -ENOENT;
}

void wn_outer_quiesce(struct wn_map *map)
{
    struct outer *o = outer_of(map);
    if (!is_outer(map))
        return;
    wn_lock_hold(&o->lock);
    struct wn_map **replaced = o->replaced.data;
    size_t n = o->replaced.len;
    o->replaced.data = NULL;
    o->replaced.len = o->replaced.cap = 0;
    wn_lock_drop(&o->lock);
    for (size_t i = 0; i < n; i++)
        wn_map_free(replaced[i]);
    free(replaced);
}

/* ---- The kind -------------------------------------------------------------------------------- */

static int outer_remove(struct wn_map *map, const void *key)
{
    struct outer *o = outer_of(map);
    uint32_t i;
    if (map->type == WN_MAP_ARRAY_OF_MAPS && (memcpy(&i, key, sizeof i), i >= map->max_entries))
        return -E2BIG;
    wn_lock_hold(&o->lock);
    int r = exchange(o, key, NULL, WN_MAP_ANY);
    wn_lock_drop(&o->lock);
    return r;
}

static int outer_next(struct wn_map *map, const void *key, uint8_t *next)
{
    return wn_map_next(outer_of(map)->table, key, next);
}

static uint32_t outer_count(const struct wn_map *map)
{
    return __atomic_load_n(&outer_of(map)->count, __ATOMIC_RELAXED);
}

static void outer_fini(struct wn_map *map)
{
    struct outer *o = outer_of(map);
    void *key = malloc(map->key_bytes), *before = NULL;
    while (key && o->table && wn_map_next(o->table, before, key) == 0) {
        wn_map_free(find(map, key));
        before = key;
    }
    free(key);
    wn_outer_quiesce(map);
    wn_map_free(o->table);
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .finder = outer_finder,
    .get = wn_map_get_refused,
    .put = wn_map_put_refused,
    .remove = outer_remove,
    .next = outer_next,
    .count = outer_count,
    .fini = outer_fini,
};

/** What inner maps are to be like: one is made, looked at and freed again. */
static int read_inner(const struct wn_map_opts *opts, struct wn_map_info *out, struct wn_error *err)
{
    struct wn_map *inner;
    if (!opts->inner)
        return wn_map_invalid(opts, err, "nothing says what the inner maps are like");
    enum wn_map_type type = opts->inner->type;
    if (type == WN_MAP_ARRAY_OF_MAPS || type == WN_MAP_HASH_OF_MAPS)
        return wn_map_invalid(opts, err, "maps of maps do not hold maps of maps");
    if (type == WN_MAP_PROG_ARRAY)
        return wn_fail(err, -WN_ENOTSUPP, WN_NOWHERE,
                       "map '%.63s': program arrays cannot be inner maps",
                       opts->name ? opts->name : "");
    int r = wn_map_new(opts->inner, &inner, err);
    if (r)
        return r;
    wn_map_info(inner, out);
    out->name = NULL;
    wn_map_free(inner);
    return 0;
}

int wn_outer_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    bool array = opts->type == WN_MAP_ARRAY_OF_MAPS;
    struct wn_map_opts table = {.type = array ? WN_MAP_ARRAY : WN_MAP_HASH,
                                .key_bytes = opts->key_bytes,
                                .value_bytes = sizeof(struct wn_map *),
                                .max_entries = opts->max_entries,
                                .flags = opts->flags & ~(uint32_t)(WN_MAP_RDONLY | WN_MAP_WRONLY),
                                .max_bytes = opts->max_bytes,
                                .name = opts->name};
    struct wn_map_info inner;
    struct wn_map *map;
    int r = array ? wn_map_check_fd_array(opts, err)
            : opts->value_bytes != 4
                ? wn_map_invalid(opts, err, "values that are numbers of something have 4 bytes")
                : 0;
    r = r ? r : read_inner(opts, &inner, err);
    r = r ? r : wn_map_make(opts, &ops, sizeof(struct outer), 1, &map, err);
    if (r)
        return r;
    outer_of(map)->inner = inner;
    r = wn_map_new(&table, &outer_of(map)->table, err);
    if (r) {
        wn_map_free(map);
        return r;
    }
    *out = map;
    return 0;
}
