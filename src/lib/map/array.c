/* SPDX-License-Identifier: MIT */
/** Arrays: keys are numbers below max_entries, and all of them are always there. */
#include <errno.h>
#include <limits.h>

#include "map/kind.h"

static uint32_t index_of(const void *key)
{
    uint32_t i;
    memcpy(&i, key, sizeof i);
    return i;
}

static void *array_find(struct wn_map *map, const void *key, uint32_t cpu)
{
    uint32_t i = index_of(key);
    return i < map->max_entries ? wn_map_value(map, i, cpu) : NULL;
}

static int array_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    uint32_t i = index_of(key);
    if (i >= map->max_entries)
        return -ENOENT;
    wn_map_read(map, i, cpu, value);
    return 0;
}

static int array_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                     uint32_t cpu)
{
    uint32_t i = index_of(key);
    uint64_t plain = flags & ~(uint64_t)WN_MAP_LOCK;
    if (plain > WN_MAP_EXIST)
        return -EINVAL;
    if (i >= map->max_entries)
        return -E2BIG;
    if (plain == WN_MAP_NOEXIST)
        return -EEXIST;
    if (plain != flags && !map->locks)
        return -EINVAL;
    wn_map_write(map, i, cpu, value);
    return 0;
}

static int array_remove(struct wn_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -EINVAL;
}

int wn_array_next(struct wn_map *map, const void *key, uint8_t *next)
{
    uint32_t i = key ? index_of(key) : UINT32_MAX;
    if (i < map->max_entries && i == map->max_entries - 1)
        return -ENOENT;
    i = i < map->max_entries ? i + 1 : 0;
    memcpy(next, &i, sizeof i);
    return 0;
}

static bool array_visit(struct wn_map *map, struct wn_cursor *at, uint32_t cpu)
{
    at->index += at->begun; /* which is not done before the first */
    at->begun = 1;
    if (at->index >= map->max_entries)
        return false;
    at->key = &at->index;
    at->value = wn_map_value(map, at->index, cpu);
    return true;
}

static uint32_t array_count(const struct wn_map *map)
{
    return map->max_entries;
}

static const struct wn_map_ops ops = {
    .find = array_find,
    .get = array_get,
    .put = array_put,
    .remove = array_remove,
    .next = wn_array_next,
    .visit = array_visit,
    .count = array_count,
    .batches = WN_BATCH_LOOKUP | WN_BATCH_UPDATE,
};

/** Kernel: array_map_alloc_check. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    bool percpu = wn_map_is_percpu(o->type);
    uint32_t allowed =
        WN_MAP_RDONLY | WN_MAP_WRONLY | WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG |
        (percpu ? 0u : (uint32_t)(WN_MAP_NUMA_NODE | WN_MAP_MMAPABLE | WN_MAP_INNER_MAP));
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->key_bytes != 4)
        return wn_map_invalid(o, err, "the keys of an array have 4 bytes");
    if (o->value_bytes == 0)
        return wn_map_invalid(o, err, "values have no bytes");
    if (o->flags & ~allowed || !wn_map_access_ok(o->flags))
        return wn_map_invalid(o, err, "an array does not take these flags");
    if (o->value_bytes > (percpu ? WN_PERCPU_VALUE_MAX : (uint32_t)INT_MAX))
        return wn_fail(err, -E2BIG, WN_NOWHERE, "values of %u bytes, %u at most", o->value_bytes,
                       percpu ? WN_PERCPU_VALUE_MAX : (uint32_t)INT_MAX);
    return 0;
}

int wn_array_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = check(opts, err);
    if (r)
        return r;
    bool percpu = wn_map_is_percpu(opts->type);
    uint32_t stride = (uint32_t)wn_words_bytes(opts->value_bytes);
    wn_map_bytes pitch = wn_map_pitch(opts->max_entries, stride);
    wn_map_bytes bytes =
        percpu ? pitch * (opts->cpus ? opts->cpus : 1) : (wn_map_bytes)opts->max_entries * stride;
    struct wn_map *map;
    r = wn_map_make(opts, &ops, sizeof *map, bytes, &map, err);
    if (r)
        return r;
    map->values = map->memory;
    map->stride = stride;
    map->places = map->max_entries;
    map->cpu_pitch = percpu ? (uint64_t)pitch : 0;
    *out = map;
    return 0;
}
