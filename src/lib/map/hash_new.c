/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/random.h>

#include "map/hash.h"

/** Kernel: KMALLOC_MAX_SIZE of 4 MiB, less its struct htab_elem, is too much. */
#define ELEM_MAX ((1u << 22) - 48)

/** Kernel: the table of buckets, 16 bytes each, has fewer than 4 GiB; their number is a power of 2.
 */
#define ENTRIES_MAX (1u << 27)

static bool is_lru(enum wn_map_type type)
{
    return type == WN_MAP_LRU_HASH || type == WN_MAP_LRU_PERCPU_HASH;
}

/** Kernel: htab_map_alloc_check. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    bool percpu = wn_map_is_percpu(o->type);
    bool lru = is_lru(o->type);
    uint32_t allowed = WN_MAP_NO_PREALLOC | WN_MAP_NO_COMMON_LRU | WN_MAP_NUMA_NODE |
                       WN_MAP_RDONLY | WN_MAP_WRONLY | WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG |
                       WN_MAP_ZERO_SEED;
    if (o->flags & ~allowed || !wn_map_access_ok(o->flags))
        return wn_map_invalid(o, err, "a hash does not take these flags");
    if (!lru && o->flags & WN_MAP_NO_COMMON_LRU)
        return wn_map_invalid(o, err, "only LRU maps take BPF_F_NO_COMMON_LRU");
    if (lru && o->flags & WN_MAP_NO_PREALLOC)
        return wn_fail(err, -WN_ENOTSUPP, WN_NOWHERE, "LRU maps do not take BPF_F_NO_PREALLOC");
    if (o->flags & WN_MAP_NUMA_NODE && (percpu || o->flags & WN_MAP_NO_COMMON_LRU))
        return wn_map_invalid(o, err, "what each CPU has of its own is on no one node");
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->key_bytes == 0)
        return wn_map_invalid(o, err, "keys have no bytes");
    if (o->value_bytes == 0)
        return wn_map_invalid(o, err, "values have no bytes");
    if ((uint64_t)o->key_bytes + o->value_bytes >= ELEM_MAX)
        return wn_fail(err, -E2BIG, WN_NOWHERE,
                       "key and value have %llu bytes, fewer than %u may be",
                       (unsigned long long)o->key_bytes + o->value_bytes, ELEM_MAX);
    if (percpu && o->value_bytes > WN_PERCPU_VALUE_MAX)
        return wn_fail(err, -E2BIG, WN_NOWHERE, "values of %u bytes, %u at most", o->value_bytes,
                       WN_PERCPU_VALUE_MAX);
    return 0;
}

/** What the kernel makes of max_entries: lists of each CPU, all equally long and none empty. */
static uint32_t entries_of(const struct wn_map_opts *o)
{
    uint32_t cpus = o->cpus ? o->cpus : 1;
    if (!(o->flags & WN_MAP_NO_COMMON_LRU))
        return o->max_entries;
    uint64_t up = ((uint64_t)o->max_entries + cpus - 1) / cpus * cpus;
    return up > UINT32_MAX ? o->max_entries / cpus * cpus : (uint32_t)up;
}

/** Where the parts of the memory begin. */
struct plan {
    uint32_t entries, places, buckets;
    uint32_t stride;       /* of elements */
    uint32_t value_stride; /* of values that stand apart, per CPU */
    wn_map_bytes values, buckets_at, marks, bytes;
};

static struct plan make_plan(const struct wn_map_opts *o, uint32_t entries)
{
    struct plan p = {.entries = entries, .buckets = 1};
    bool percpu = wn_map_is_percpu(o->type);
    uint32_t cpus = o->cpus ? o->cpus : 1;
    uint32_t key = (uint32_t)wn_words_bytes(o->key_bytes);
    uint32_t value = (uint32_t)wn_words_bytes(o->value_bytes);
    /* Replacing needs a second element for a moment: one for each CPU, one for the embedder. */
    p.places = entries + (percpu ? 0 : (cpus < 64 ? cpus : 64) + 1);
    while (p.buckets < entries)
        p.buckets *= 2;
    p.stride = (uint32_t)sizeof(struct wn_elem) + key + (percpu ? 0 : value);
    p.value_stride = value;
    p.values = ((wn_map_bytes)p.places * p.stride + 63) & ~(wn_map_bytes)63;
    p.buckets_at = p.values + (percpu ? wn_map_pitch(p.places, value) * cpus + 63 : 0);
    p.buckets_at &= ~(wn_map_bytes)63;
    p.marks = p.buckets_at + (wn_map_bytes)p.buckets * sizeof(struct wn_bucket);
    p.bytes = p.marks + (is_lru(o->type) ? p.places : 0);
    return p;
}

static void lay_out(struct wn_hash *h, const struct plan *p)
{
    struct wn_map *map = &h->map;
    h->elems = map->memory;
    h->elem_stride = p->stride;
    h->buckets = (struct wn_bucket *)(map->memory + (size_t)p->buckets_at);
    h->mask = p->buckets - 1;
    h->marks = is_lru(map->type) ? (atomic_uchar *)(map->memory + (size_t)p->marks) : NULL;
    h->pool.n = p->places;
    h->pool.stride = p->stride;
    h->pool.links = h->elems + offsetof(struct wn_elem, spare);
    map->max_entries = p->entries;
    map->places = p->places;
    if (wn_map_is_percpu(map->type)) {
        map->values = map->memory + (size_t)p->values;
        map->stride = p->value_stride;
        map->cpu_pitch = (uint64_t)wn_map_pitch(p->places, p->value_stride);
    } else {
        map->values = h->elems + sizeof(struct wn_elem) + wn_words_bytes(map->key_bytes);
        map->stride = p->stride;
    }
}

/** Chains must not be made long by whoever chooses the keys. */
static int seed(struct wn_hash *h, struct wn_error *err)
{
    if (!(h->map.flags & WN_MAP_ZERO_SEED) &&
        getrandom(h->seed, sizeof h->seed, 0) != (ssize_t)sizeof h->seed)
        return wn_fail(err, -errno, WN_NOWHERE, "no random numbers for a hash");
    /* A multiplier must be odd, and with many bits set also without a seed. */
    h->seed[1] = (h->seed[1] ^ UINT64_C(0x9e3779b97f4a7c15)) | 1;
    h->seed[2] = (h->seed[2] ^ UINT64_C(0xd6e8feb86659fd93)) | 1;
    return 0;
}

int wn_hash_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    int r = check(opts, err);
    if (r)
        return r;
    uint32_t entries = entries_of(opts);
    if (entries > ENTRIES_MAX)
        return wn_fail(err, -E2BIG, WN_NOWHERE, "%u entries in a hash, %u at most", entries,
                       ENTRIES_MAX);
    struct plan p = make_plan(opts, entries);
    struct wn_map *map;
    r = wn_map_make(opts, &wn_hash_ops, sizeof(struct wn_hash), p.bytes, &map, err);
    if (r)
        return r;
    lay_out((struct wn_hash *)map, &p);
    r = seed((struct wn_hash *)map, err);
    if (r) {
        wn_map_free(map);
        return r;
    }
    *out = map;
    return 0;
}
