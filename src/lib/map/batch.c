/* SPDX-License-Identifier: MIT */
/** Many elements at once, counted and ended as bpf(2) does it. */
#include <errno.h>
#include <stdlib.h>

#include "map/kind.h"

/** Bytes of a value as the public functions have it. */
static uint64_t value_step(const struct wn_map *map)
{
    return map->cpu_pitch ? wn_words_bytes(map->value_bytes) * map->cpus : map->value_bytes;
}

static uint8_t *key_at(const struct wn_map *map, const struct wn_map_batch *b, uint32_t i)
{
    return (uint8_t *)b->keys + (uint64_t)i * map->key_bytes;
}

static uint8_t *value_at(const struct wn_map *map, const struct wn_map_batch *b, uint32_t i)
{
    return (uint8_t *)b->values + i * value_step(map);
}

/** Go from key to key; `out` is the last one. */
static int by_keys(struct wn_map *map, struct wn_map_batch *b, uint32_t most)
{
    const void *before = b->in;
    uint32_t n = 0;
    int r = 0;
    while (n < most) {
        uint8_t *key = key_at(map, b, n);
        r = map->ops->next(map, before, key);
        if (r)
            break;
        if (map->ops->get(map, key, WN_ALL_CPUS, value_at(map, b, n)) == 0)
            n++;
        memcpy(b->out, key, map->key_bytes); /* also of one that has been deleted meanwhile */
        before = b->out;
    }
    b->count = n;
    return r;
}

/** Go from bucket to bucket; `out` is the number of the next one. */
static int by_buckets(struct wn_map *map, struct wn_map_batch *b, uint32_t most, bool take)
{
    uint32_t bucket = 0, n = most;
    if (b->in)
        memcpy(&bucket, b->in, sizeof bucket);
    int r = map->ops->buckets(map, &bucket, b, &n, take);
    memcpy(b->out, &bucket, sizeof bucket);
    b->count = n;
    return r;
}

/** Look at the batch and at the map's kind; the batch is 0 elements long from now on. */
static int begin(const struct wn_map *map, struct wn_map_batch *b, unsigned what, uint32_t *most)
{
    *most = b->count;
    if (!(map->ops->batches & what))
        return -WN_ENOTSUPP;
    if (b->flags)
        return -EINVAL;
    if (*most)
        b->count = 0;
    return 0;
}

static int look_up(struct wn_map *map, struct wn_map_batch *b, bool take)
{
    uint32_t most;
    if (map->flags & WN_MAP_WRONLY)
        return -EPERM;
    int r = begin(map, b, take ? WN_BATCH_TAKE : WN_BATCH_LOOKUP, &most);
    if (r || most == 0)
        return r;
    return map->ops->buckets ? by_buckets(map, b, most, take) : by_keys(map, b, most);
}

int wn_map_lookup_batch(struct wn_map *map, struct wn_map_batch *batch)
{
    return look_up(map, batch, false);
}

int wn_map_lookup_and_delete_batch(struct wn_map *map, struct wn_map_batch *batch)
{
    int r = wn_map_begin_write(map);
    return wn_map_end_write(map, r ? r : look_up(map, batch, true));
}

static int change_all(struct wn_map *map, struct wn_map_batch *b, bool delete)
{
    uint32_t most;
    int r = begin(map, b, delete ? WN_BATCH_DELETE : WN_BATCH_UPDATE, &most);
    for (uint32_t i = 0; r == 0 && i < most; i++) {
        if (delete)
            r = map->ops->remove(map, key_at(map, b, i));
        else
            r = map->ops->put(map, key_at(map, b, i), value_at(map, b, i), WN_MAP_ANY, WN_ALL_CPUS);
        b->count = r ? i : i + 1;
    }
    return r;
}

int wn_map_update_batch(struct wn_map *map, struct wn_map_batch *batch)
{
    int r = wn_map_begin_write(map);
    return wn_map_end_write(map, r ? r : change_all(map, batch, false));
}

int wn_map_delete_batch(struct wn_map *map, struct wn_map_batch *batch)
{
    int r = wn_map_begin_write(map);
    return wn_map_end_write(map, r ? r : change_all(map, batch, true));
}
