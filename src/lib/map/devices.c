/* SPDX-License-Identifier: MIT */
/**
 * Tables that bpf_redirect_map() consults: interfaces, CPUs, sockets. What they say is told to
 * whoever runs the program, who may do something about it.
 */
#include <errno.h>
#include <stddef.h>

#include "map/hash.h"
#include "map/kind.h"

#define QUEUE_MAX 16384u /* Linux: kernel/bpf/cpumap.c */

struct devices {
    struct wn_map map;
    atomic_uchar *there; /* behind the values: one an element */
    atomic_uint count;
    struct wn_lock lock;
};

static struct devices *devices_of(const struct wn_map *map)
{
    return (struct devices *)(uintptr_t)map;
}

static uint32_t word_at(const void *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static bool is_there(const struct devices *d, uint32_t i)
{
    return i < d->map.max_entries && atomic_load_explicit(&d->there[i], memory_order_acquire);
}

static void *devices_find(struct wn_map *map, const void *key, uint32_t cpu)
{
    uint32_t i = word_at(key);
    return is_there(devices_of(map), i) ? wn_map_value(map, i, cpu) : NULL;
}

static int devices_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    uint32_t i = word_at(key);
    if (!is_there(devices_of(map), i))
        return -ENOENT;
    wn_map_read(map, i, cpu, value);
    return 0;
}

/** Put a value, or take it out if it is none. */
static void set(struct devices *d, uint32_t i, const uint8_t *value)
{
    wn_lock_hold(&d->lock);
    if (value)
        wn_map_write(&d->map, i, 0, value);
    bool was = atomic_exchange_explicit(&d->there[i], value != NULL, memory_order_acq_rel);
    if (was != (value != NULL))
        atomic_fetch_add_explicit(&d->count, value ? 1u : UINT32_MAX, memory_order_relaxed);
    wn_lock_drop(&d->lock);
}

/** Whether a value names nothing: interface 0, a CPU without a queue. Sockets have all numbers. */
static bool is_nothing(const struct wn_map *map, const uint8_t *value)
{
    return map->type != WN_MAP_XSKMAP && word_at(value) == 0;
}

/** A value as it is kept. Its second word is a program for what arrives there: false if it names
 * one, which nobody runs; it reads as 0, the number of none. */
static bool keep(const struct wn_map *map, const uint8_t *value, uint8_t kept[8])
{
    memset(kept, 0, 8);
    memcpy(kept, value, sizeof(uint32_t));
    return map->value_bytes == 4 || (int32_t)word_at(value + 4) <= 0;
}

static int devices_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                       uint32_t cpu)
{
    uint32_t i = word_at(key);
    uint8_t kept[8];
    (void)cpu;
    if (flags > WN_MAP_EXIST)
        return -EINVAL;
    if (i >= map->max_entries)
        return -E2BIG;
    if (flags == WN_MAP_NOEXIST && (map->type != WN_MAP_XSKMAP || is_there(devices_of(map), i)))
        return -EEXIST;
    if (flags == WN_MAP_EXIST && map->type == WN_MAP_XSKMAP && !is_there(devices_of(map), i))
        return -ENOENT;
    if (map->type == WN_MAP_CPUMAP && word_at(value) > QUEUE_MAX)
        return -EOVERFLOW;
    if (!keep(map, value, kept))
        return -EINVAL;
    set(devices_of(map), i, is_nothing(map, value) ? NULL : kept);
    return 0;
}

static int devices_remove(struct wn_map *map, const void *key)
{
    uint32_t i = word_at(key);
    if (i >= map->max_entries)
        return -EINVAL;
    set(devices_of(map), i, NULL);
    return 0;
}

static uint32_t devices_count(const struct wn_map *map)
{
    return atomic_load_explicit(&devices_of(map)->count, memory_order_relaxed);
}

static const struct wn_map_ops ops = {
    .find = devices_find,
    .get = devices_get,
    .put = devices_put,
    .remove = devices_remove,
    .next = wn_array_next,
    .count = devices_count,
    .batches = WN_BATCH_LOOKUP | WN_BATCH_UPDATE | WN_BATCH_DELETE,
};

/** There is no entry that names nothing, and whether one is there is no matter but for NOEXIST. */
static int hashed_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                      uint32_t cpu)
{
    uint8_t kept[8];
    if (flags > WN_MAP_EXIST || is_nothing(map, value) || !keep(map, value, kept))
        return -EINVAL;
    return wn_hash_put(map, key, kept, flags == WN_MAP_NOEXIST ? flags : WN_MAP_ANY, cpu);
}

static const struct wn_map_ops hashed_ops = {
    .find = wn_hash_find,
    .get = wn_hash_get,
    .put = hashed_put,
    .remove = wn_hash_remove,
    .next = wn_hash_next,
    .count = wn_hash_count,
    .batches = WN_BATCH_LOOKUP | WN_BATCH_UPDATE | WN_BATCH_DELETE,
};

/** Kernel: dev_map_alloc_check, cpu_map_alloc, xsk_map_alloc. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    uint32_t allowed = o->type == WN_MAP_CPUMAP ? WN_MAP_NUMA_NODE
                                                : WN_MAP_NUMA_NODE | WN_MAP_RDONLY | WN_MAP_WRONLY;
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->key_bytes != 4)
        return wn_map_invalid(o, err, "the keys of such a table have 4 bytes");
    if (o->value_bytes != 4 && (o->type == WN_MAP_XSKMAP || o->value_bytes != 8))
        return wn_map_invalid(o, err,
                              o->type == WN_MAP_XSKMAP
                                  ? "the values of an xskmap have 4 bytes"
                                  : "the values of such a table have 4 or 8 bytes");
    if (o->flags & ~allowed)
        return wn_map_invalid(o, err, "such a table does not take these flags");
    return 0;
}

int wn_devices_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = check(opts, err);
    if (r)
        return r;
    struct wn_map_opts own = *opts;
    own.flags |= WN_MAP_RDONLY_PROG; /* programs look up, and change nothing */
    struct wn_map *map;
    if (opts->type == WN_MAP_DEVMAP_HASH) {
        r = wn_hash_new(&own, &map, err);
        if (r == 0) {
            map->ops = &hashed_ops;
            *out = map;
        }
        return r;
    }
    uint32_t stride = (uint32_t)wn_words_bytes(opts->value_bytes);
    r = wn_map_make(&own, &ops, sizeof(struct devices),
                    (wn_map_bytes)opts->max_entries * (stride + 1), &map, err);
    if (r)
        return r;
    map->values = map->memory;
    map->stride = stride;
    map->places = map->max_entries;
    devices_of(map)->there = (atomic_uchar *)(map->memory + (size_t)map->max_entries * stride);
    *out = map;
    return 0;
}
