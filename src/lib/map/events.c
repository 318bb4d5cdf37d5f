/* SPDX-License-Identifier: MIT */
/**
 * Arrays of perf events. The kernel has a ring for each entry, which its reader opens for one CPU;
 * here all entries share one ring, and each record says which it is of. Until somebody opens that,
 * programs are told that there is no event, as in the kernel.
 */
#include "map/events.h"

#include <errno.h>
#include <string.h>

#include "map/kind.h"
#include "map/ring.h"

struct events {
    struct wn_map map;
    _Atomic(struct wn_map *) ring; /* NULL until it is opened */
};

/** What stands before the bytes of a program. */
struct header {
    uint32_t index;
    uint32_t unused;
};

static struct events *events_of(const struct wn_map *map)
{
    return (struct events *)(uintptr_t)map;
}

struct wn_map *wn_events_ring(const struct wn_map *map)
{
    return atomic_load_explicit(&events_of(map)->ring, memory_order_acquire);
}

int wn_map_open_events(struct wn_map *map, uint32_t bytes, struct wn_error *err)
{
    struct wn_map_opts opts = {.type = WN_MAP_RINGBUF, .max_entries = bytes, .name = map->name};
    struct wn_map *ring, *none = NULL;
    if (map->type != WN_MAP_PERF_EVENT_ARRAY)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "map '%.63s' has no events: it is of type %s",
                       map->name, wn_map_type_name(map->type));
    int r = wn_map_new(&opts, &ring, err);
    if (r)
        return r;
    if (!atomic_compare_exchange_strong(&events_of(map)->ring, &none, ring))
        wn_map_free(ring); /* somebody has been here before */
    return 0;
}

int wn_events_put(struct wn_map *map, uint64_t flags, const struct wn_event_parts *parts,
                  uint32_t cpu)
{
    uint32_t index = (uint32_t)flags == WN_EVENT_THIS_CPU ? cpu : (uint32_t)flags;
    struct header header = {.index = index};
    if (index >= map->max_entries)
        return -E2BIG;
    struct wn_map *ring = wn_events_ring(map);
    if (!ring)
        return -ENOENT;
    if (index != cpu) /* each is for one of them */
        return -EOPNOTSUPP;
    uint8_t *record = wn_ring_reserve(ring, sizeof header + parts->bytes + parts->packet_bytes);
    if (!record)
        return -ENOSPC;
    memcpy(record, &header, sizeof header);
    if (parts->bytes)
        memcpy(record + sizeof header, parts->data, parts->bytes);
    if (parts->packet_bytes)
        memcpy(record + sizeof header + parts->bytes, parts->packet, parts->packet_bytes);
    wn_ring_commit(ring, record, 0, false);
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct reader {
    wn_event_fn fn;
    void *arg;
};

static int show(void *arg, const void *data, size_t bytes)
{
    const struct reader *reader = arg;
    struct header header;
    memcpy(&header, data, sizeof header);
    return reader->fn(reader->arg, header.index, (const uint8_t *)data + sizeof header,
                      bytes - sizeof header);
}

int wn_map_consume_events(struct wn_map *map, wn_event_fn fn, void *arg)
{
    struct reader reader = {fn, arg};
    if (map->type != WN_MAP_PERF_EVENT_ARRAY)
        return -EINVAL;
    struct wn_map *ring = wn_events_ring(map);
    return ring ? wn_map_consume(ring, show, &reader) : 0;
}

/* ---- An array without values ----------------------------------------------------------------- */

static int events_remove(struct wn_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -EOPNOTSUPP;
}

static uint32_t events_count(const struct wn_map *map)
{
    return wn_events_ring(map) ? map->max_entries : 0;
}

static void events_fini(struct wn_map *map)
{
    wn_map_free(wn_events_ring(map));
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .get = wn_map_get_unknown,
    .put = wn_map_put_refused,
    .remove = events_remove,
    .next = wn_array_next,
    .count = events_count,
    .fini = events_fini,
};

int wn_events_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = wn_map_check_fd_array(opts, err);
    return r ? r : wn_map_make(opts, &ops, sizeof(struct events), 1, out, err);
}
