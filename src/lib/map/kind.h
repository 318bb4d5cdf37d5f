/* SPDX-License-Identifier: MIT */
/** A kind of map: what map.c asks of it, and what it may use. */
#pragma once

#include <assert.h>
#include <stdbool.h>

#include "base/run.h"
#include "map/layout.h"
#include "map/words.h"

/** Instead of a CPU: all of them, as the public functions mean it. */
#define WN_ALL_CPUS UINT32_MAX

/**
 * Permissions, CPU and options have been looked at when these are called. `cpu`
 * is below the map's cpus or WN_ALL_CPUS; maps that are not per-CPU ignore it. Keys are
 * NULL for maps without them, and for no others but in next().
 */
struct wn_map_ops {
    /** As wn_map_find(). */
    void *(*find)(struct wn_map *map, const void *key, uint32_t cpu);
    /** As wn_map_finder(); NULL, there or here: nothing is made for the map. */
    wn_helper_fn (*finder)(const struct wn_map *map);
    /** As wn_map_lookup(). */
    int (*get)(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value);
    /** As wn_map_update(). */
    int (*put)(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
               uint32_t cpu);
    /** As wn_map_delete(). */
    int (*remove)(struct wn_map *map, const void *key);
    /** As wn_map_lookup_and_delete(); NULL: there is no such thing. */
    int (*take)(struct wn_map *map, const void *key, uint8_t *value);
    /** As wn_map_lookup_batch() of a hash: `to` is the bucket to begin with, then the next one;
     * NULL: goes by keys. */
    int (*buckets)(struct wn_map *map, uint32_t *to, const struct wn_map_batch *batch,
                   uint32_t *count, bool take);
    /** As wn_map_next(). */
    int (*next)(struct wn_map *map, const void *key, uint8_t *next);
    /** As wn_map_visit(); NULL: programs cannot go through the elements. */
    bool (*visit)(struct wn_map *map, struct wn_cursor *at, uint32_t cpu);
    /** Elements now. */
    uint32_t (*count)(const struct wn_map *map);
    /** Without users: let go of what the elements own. NULL if they own nothing. */
    void (*abandon)(struct wn_map *map);
    /** Without anybody: let go of what the map owns besides memory. NULL if that is nothing. */
    void (*fini)(struct wn_map *map);
    unsigned batches; /* enum wn_map_batches: what can be done to many elements at once */
};

enum wn_map_batches {
    WN_BATCH_LOOKUP = 1,
    WN_BATCH_UPDATE = 2,
    WN_BATCH_DELETE = 4,
    WN_BATCH_TAKE = 8,
};

/**
 * Make a map of this kind after checking the attributes as the kernel's
 * map_alloc_check of the type does, with its error numbers.
 */
int wn_devices_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_array_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_hash_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_prog_array_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_trie_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_queue_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_outer_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_events_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_ring_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);
int wn_bloom_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err);

/** The attributes of arrays whose values are numbers of something else; 0 or -EINVAL. */
int wn_map_check_fd_array(const struct wn_map_opts *o, struct wn_error *err);

/** wn_map_find() where programs find nothing by key. */
void *wn_map_find_nothing(struct wn_map *map, const void *key, uint32_t cpu);

/** get() and put() of maps whose values are no bytes: -EOPNOTSUPP, or -WN_ENOTSUPP where the kernel
 * says that. */
int wn_map_get_refused(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value);
int wn_map_put_refused(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                       uint32_t cpu);
int wn_map_get_unknown(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value);
int wn_map_put_unknown(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                       uint32_t cpu);

/** wn_map_next() of everything that is an array. */
int wn_array_next(struct wn_map *map, const void *key, uint8_t *next);

/**
 * Begin to write for the embedder: 0 or -EPERM. Either way wn_map_end_write(),
 * which returns its second argument, has to follow: a map freezes between
 * writes, not in one.
 */
int wn_map_begin_write(struct wn_map *map);
int wn_map_end_write(struct wn_map *map, int result);

/** Sizes are counted in 128 bits, in which no product of the options' numbers wraps. */
typedef unsigned __int128 wn_map_bytes;

/**
 * Make a map that has everything but what its kind adds.
 *
 * whole   bytes of the kind's structure, which begins with struct wn_map
 * bytes   of memory for elements, refused if they are more than the options allow
 *
 * Returns 0, WN_E_LIMIT or -ENOMEM; the memory is zero.
 */
int wn_map_make(const struct wn_map_opts *opts, const struct wn_map_ops *ops, size_t whole,
                wn_map_bytes bytes, struct wn_map **out, struct wn_error *err);

/** An update's flags without WN_MAP_LOCK; larger than all of them if the map has no locks. */
static inline uint64_t wn_map_plain_flags(const struct wn_map *map, uint64_t flags)
{
    return map->locks ? flags & ~(uint64_t)WN_MAP_LOCK : flags;
}

/** Whether values are kept once for each CPU. */
bool wn_map_is_percpu(enum wn_map_type type);

/** Flags of which at most one may be set: those for programs (kernel: bpf_map_flags_access_ok). */
bool wn_map_access_ok(uint32_t flags);

/** Refuse attributes: -EINVAL with what is wrong. */
int wn_map_invalid(const struct wn_map_opts *opts, struct wn_error *err, const char *what);

/** Kernel: KMALLOC_MAX_SIZE, the largest value that could be copied out. */
#define WN_VALUE_MAX (1u << 22)

/** The kernel's limits of per-CPU values (PCPU_MIN_UNIT_SIZE). */
#define WN_PERCPU_VALUE_MAX 32768u

/**
 * Bytes from one CPU's values to the next one's for n elements: a multiple of the
 * stride, with a cache line between the values of two CPUs.
 */
static inline wn_map_bytes wn_map_pitch(uint32_t n, uint32_t stride)
{
    assert(stride);
    return ((wn_map_bytes)n + (64 + stride - 1) / stride) * stride;
}

static inline uint8_t *wn_map_value(const struct wn_map *map, uint32_t i, uint32_t cpu)
{
    return map->values + (uint64_t)i * map->stride + (uint64_t)cpu * map->cpu_pitch;
}

/** Copy out the value of element i: of one CPU, or of all of them one behind the other. */
void wn_map_read(const struct wn_map *map, uint32_t i, uint32_t cpu, uint8_t *value);

/** Copy in the value of element i, in the same shape. */
void wn_map_write(const struct wn_map *map, uint32_t i, uint32_t cpu, const uint8_t *value);
