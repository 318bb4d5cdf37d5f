/* SPDX-License-Identifier: MIT */
/**
 * How maps lie in memory, for this room and for what looks up without a call.
 *
 * All memory of a map's elements is one mapping, made with the map and gone
 * with it; pages are taken when they are first written. Values stand at a
 * constant distance from each other:
 *
 *     values + element * stride + cpu * cpu_pitch
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <winnow/map.h>

#include "base/lock.h"
#include "base/run.h"
#include "map/pool.h"

struct wn_map_ops;

/** Values share locks: the one of element i is locks[i % WN_MAP_LOCKS]. */
#define WN_MAP_LOCKS 64u

struct wn_map {
    const struct wn_map_ops *ops;
    uint8_t *values;    /* of element 0 for CPU 0; 8-byte aligned, as all of them are; NULL if
                           programs only get copies */
    uint64_t cpu_pitch; /* 0: one value for all CPUs */
    uint32_t stride;
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t max_entries;
    uint32_t cpus;
    uint32_t flags; /* enum wn_map_flag */
    enum wn_map_type type;
    uint64_t extra;        /* map_extra */
    struct wn_lock *locks; /* of values that have one, WN_MAP_LOCKS of them; NULL: none has */
    uint32_t lock_at;      /* bytes of the value that stand for its lock, and mean nothing */
    uint32_t places; /* elements that there are values for: max_entries, and some to replace with */
    uint8_t *memory;
    uint64_t memory_bytes;
    atomic_uint users; /* wn_map_ref(); together they have one of refs */
    atomic_uint refs;
    atomic_uint writers; /* in the public functions */
    atomic_bool frozen;
    char name[64];
    struct wn_bound_map bound; /* as programs have it that have found it in another map */
};

/*
 * Hashes. A chain ends with the number of its bucket, so that a reader whose
 * element moved to another chain under its eyes finds out (the kernel's nulls
 * lists).
 */

/** Links are 0 (empty bucket), an element's number + 1, or this and the number of the bucket. */
#define WN_CHAIN_END 0x80000000u

struct wn_bucket {
    _Alignas(16) atomic_uint head; /* link */
    atomic_uint moves;             /* keys that have come to the front by being replaced */
    struct wn_lock lock;
};

struct wn_elem {
    atomic_uint next; /* link */
    atomic_uint hash;
    atomic_uint version; /* odd while the rest changes; an element in a chain is even */
    atomic_uint spare;   /* the pool's */
    uint64_t key[];      /* zero behind the last byte; then the value unless it is per-CPU */
};

/** What LRU maps know of an element. */
enum { WN_MARK_LIVE = 1, WN_MARK_USED = 2 };

struct wn_hash {
    struct wn_map map;
    uint8_t *elems;
    struct wn_bucket *buckets;
    atomic_uchar *marks; /* LRU: one an element; else NULL */
    uint64_t seed[3];
    uint32_t elem_stride;
    uint32_t mask; /* buckets - 1 */

    _Alignas(64) atomic_uint count; /* elements in chains */
    atomic_uint spares;             /* elements of the pool beyond max_entries, to replace with */
    struct wn_pool pool;
    struct wn_lock hand_lock; /* taken before a bucket's, never after one */
    uint32_t hand;            /* LRU: where to look next for an element to evict */
};

static inline struct wn_elem *wn_hash_elem(const struct wn_hash *h, uint32_t i)
{
    return (struct wn_elem *)(h->elems + (uint64_t)i * h->elem_stride);
}
