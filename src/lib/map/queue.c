/* SPDX-License-Identifier: MIT */
/**
 * Queues and stacks: a ring of values, the same but for the end that they are taken
 * from. Programs get copies, so nobody holds a place in it.
 */
#include "map/queue.h"

#include <errno.h>

static struct wn_queue *queue_of(const struct wn_map *map)
{
    return (struct wn_queue *)(uintptr_t)map;
}

static uint32_t queue_count(const struct wn_map *map)
{
    return atomic_load_explicit(&queue_of(map)->count, memory_order_relaxed);
}

/** The slot of a value, counted from the oldest. */
static uint8_t *slot_at(const struct wn_queue *q, uint32_t i)
{
    uint64_t slot = (uint64_t)q->oldest + i;
    if (slot >= q->map.max_entries)
        slot -= q->map.max_entries;
    return q->slots + slot * q->stride;
}

static void drop_oldest(struct wn_queue *q)
{
    q->oldest = q->oldest + 1 == q->map.max_entries ? 0 : q->oldest + 1;
}

static void set_count(struct wn_queue *q, uint32_t count)
{
    atomic_store_explicit(&q->count, count, memory_order_relaxed);
}

/** Copy out the next value; and take it. */
static int next_value(struct wn_map *map, uint8_t *value, bool take)
{
    struct wn_queue *q = queue_of(map);
    wn_lock_hold(&q->lock);
    uint32_t count = queue_count(map);
    if (count)
        memcpy(value, slot_at(q, q->newest_first ? count - 1 : 0), map->value_bytes);
    if (count && take) {
        if (!q->newest_first)
            drop_oldest(q);
        set_count(q, count - 1);
    }
    wn_lock_drop(&q->lock);
    return count ? 0 : -ENOENT;
}

static int queue_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    (void)key;
    (void)cpu;
    return next_value(map, value, false);
}

static int queue_take(struct wn_map *map, const void *key, uint8_t *value)
{
    (void)key;
    return next_value(map, value, true);
}

static int queue_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                     uint32_t cpu)
{
    struct wn_queue *q = queue_of(map);
    (void)key;
    (void)cpu;
    if (flags != WN_MAP_ANY && flags != WN_MAP_EXIST)
        return -EINVAL;
    wn_lock_hold(&q->lock);
    uint32_t count = queue_count(map);
    bool room = count < map->max_entries;
    if (!room && flags == WN_MAP_EXIST) {
        drop_oldest(q);
        count--;
        room = true;
    }
    if (room) {
        memcpy(slot_at(q, count), value, map->value_bytes);
        set_count(q, count + 1);
    }
    wn_lock_drop(&q->lock);
    return room ? 0 : -E2BIG;
}

static int queue_remove(struct wn_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -EINVAL;
}

static int queue_next(struct wn_map *map, const void *key, uint8_t *next)
{
    (void)map;
    (void)key;
    (void)next;
    return -EINVAL;
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .get = queue_get,
    .put = queue_put,
    .remove = queue_remove,
    .take = queue_take,
    .next = queue_next,
    .count = queue_count,
};

/** Kernel: queue_stack_map_alloc_check. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    uint32_t allowed =
        WN_MAP_NUMA_NODE | WN_MAP_RDONLY | WN_MAP_WRONLY | WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG;
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->key_bytes)
        return wn_map_invalid(o, err, "there are no keys: key_size must be 0");
    if (o->value_bytes == 0)
        return wn_map_invalid(o, err, "values have no bytes");
    if (o->flags & ~allowed || !wn_map_access_ok(o->flags))
        return wn_map_invalid(o, err, "queues and stacks do not take these flags");
    if (o->value_bytes > WN_VALUE_MAX)
        return wn_fail(err, -E2BIG, WN_NOWHERE, "values of %u bytes, %u at most", o->value_bytes,
                       WN_VALUE_MAX);
    return 0;
}

int wn_queue_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = check(opts, err);
    if (r)
        return r;
    uint32_t stride = (uint32_t)wn_words_bytes(opts->value_bytes);
    wn_map_bytes bytes = (wn_map_bytes)opts->max_entries * stride;
    struct wn_map *map;
    r = wn_map_make(opts, &ops, sizeof(struct wn_queue), bytes, &map, err);
    if (r)
        return r;
    struct wn_queue *q = queue_of(map);
    q->slots = map->memory;
    q->stride = stride;
    q->newest_first = opts->type == WN_MAP_STACK;
    *out = map;
    return 0;
}
