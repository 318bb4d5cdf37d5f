/* SPDX-License-Identifier: MIT */
#include "map/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "map/kind.h"
#include "map/outer.h"

static const struct {
    const char *name;
    int (*make)(const struct wn_map_opts *, struct wn_map **, struct wn_error *);
    bool percpu;
} kinds[] = {
    [WN_MAP_HASH] = {"hash", wn_hash_new, false},
    [WN_MAP_ARRAY] = {"array", wn_array_new, false},
    [WN_MAP_PROG_ARRAY] = {"prog_array", wn_prog_array_new, false},
    [WN_MAP_PERF_EVENT_ARRAY] = {"perf_event_array", wn_events_new, false},
    [WN_MAP_PERCPU_HASH] = {"percpu_hash", wn_hash_new, true},
    [WN_MAP_PERCPU_ARRAY] = {"percpu_array", wn_array_new, true},
    [WN_MAP_LRU_HASH] = {"lru_hash", wn_hash_new, false},
    [WN_MAP_LRU_PERCPU_HASH] = {"lru_percpu_hash", wn_hash_new, true},
    [WN_MAP_LPM_TRIE] = {"lpm_trie", wn_trie_new, false},
    [WN_MAP_ARRAY_OF_MAPS] = {"array_of_maps", wn_outer_new, false},
    [WN_MAP_HASH_OF_MAPS] = {"hash_of_maps", wn_outer_new, false},
    [WN_MAP_DEVMAP] = {"devmap", wn_devices_new, false},
    [WN_MAP_CPUMAP] = {"cpumap", wn_devices_new, false},
    [WN_MAP_XSKMAP] = {"xskmap", wn_devices_new, false},
    [WN_MAP_QUEUE] = {"queue", wn_queue_new, false},
    [WN_MAP_STACK] = {"stack", wn_queue_new, false},
    [WN_MAP_DEVMAP_HASH] = {"devmap_hash", wn_devices_new, false},
    [WN_MAP_RINGBUF] = {"ringbuf", wn_ring_new, false},
    [WN_MAP_BLOOM_FILTER] = {"bloom_filter", wn_bloom_new, false},
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *wn_map_type_name(enum wn_map_type type)
{
    return (unsigned)type < KINDS ? kinds[type].name : NULL;
}

bool wn_map_is_percpu(enum wn_map_type type)
{
    return (unsigned)type < KINDS && kinds[type].percpu;
}

/* ---- Making ---------------------------------------------------------------------------------- */

bool wn_map_access_ok(uint32_t flags)
{
    uint32_t both = WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG;
    return (flags & both) != both;
}

int wn_map_invalid(const struct wn_map_opts *opts, struct wn_error *err, const char *what)
{
    return wn_fail(err, -EINVAL, WN_NOWHERE,
                   "map '%.63s': %s (%s, keys of %u bytes, values of %u, %u entries, flags 0x%x)",
                   opts->name ? opts->name : "", what, wn_map_type_name(opts->type),
                   opts->key_bytes, opts->value_bytes, opts->max_entries, opts->flags);
}

/** Kernel: map_check_btf. */
static int check_lock(const struct wn_map_opts *o, struct wn_error *err)
{
    if (!o->has_lock)
        return 0;
    if (o->type != WN_MAP_HASH && o->type != WN_MAP_ARRAY)
        return wn_fail(err, -EOPNOTSUPP, WN_NOWHERE,
                       "map '%.63s': only hashes and arrays have locks in their values, and this "
                       "is of type %s",
                       o->name ? o->name : "", wn_map_type_name(o->type));
    if (o->flags & (WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG))
        return wn_fail(err, -EACCES, WN_NOWHERE,
                       "map '%.63s': who can lock values can read and write them, and programs "
                       "may not do both",
                       o->name ? o->name : "");
    if (o->lock_at % 4 || o->value_bytes < 4 || o->lock_at > o->value_bytes - 4)
        return wn_map_invalid(o, err, "the lock is not aligned, or outside of the value");
    return 0;
}

int wn_map_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    uint32_t one_way = WN_MAP_RDONLY | WN_MAP_WRONLY;
    if ((unsigned)opts->type >= KINDS || !kinds[opts->type].make)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE, "maps of type %u (%s) are not provided",
                       (unsigned)opts->type,
                       wn_map_type_name(opts->type) ? wn_map_type_name(opts->type) : "unknown");
    if ((opts->flags & one_way) == one_way)
        return wn_map_invalid(opts, err, "it could be neither read nor written");
    if (opts->extra && opts->type != WN_MAP_BLOOM_FILTER)
        return wn_map_invalid(opts, err, "only bloom filters take map_extra");
    int r = check_lock(opts, err);
    r = r ? r : kinds[opts->type].make(opts, out, err);
    if (r == 0)
        wn_map_bind(*out, &(*out)->bound);
    return r;
}

/** Whole MiB, for a message; numbers too large for it are as good as the largest. */
static unsigned long long mib(wn_map_bytes bytes)
{
    wn_map_bytes n = (bytes + (1u << 20) - 1) >> 20;
    return n > UINT64_MAX ? UINT64_MAX : (unsigned long long)n;
}

int wn_map_make(const struct wn_map_opts *opts, const struct wn_map_ops *ops, size_t whole,
                wn_map_bytes bytes, struct wn_map **out, struct wn_error *err)
{
    uint64_t limit = opts->max_bytes ? opts->max_bytes : UINT64_C(1) << 30;
    if (bytes > limit || bytes > SIZE_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                       "map '%.63s' may come to need %llu MiB, and %llu MiB are allowed",
                       opts->name ? opts->name : "", mib(bytes), (unsigned long long)(limit >> 20));
    whole = (whole + 63) & ~(size_t)63;
    struct wn_map *map = aligned_alloc(64, whole);
    if (!map)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory for a map");
    void *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        free(map);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory for a map of %llu MiB", mib(bytes));
    }
    memset(map, 0, whole);
    if (opts->has_lock && !(map->locks = calloc(WN_MAP_LOCKS, sizeof *map->locks))) {
        munmap(memory, (size_t)bytes);
        free(map);
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "no memory for a map");
    }
    map->lock_at = opts->lock_at;
    map->ops = ops;
    map->type = opts->type;
    map->key_bytes = opts->key_bytes;
    map->value_bytes = opts->value_bytes;
    map->max_entries = opts->max_entries;
    map->flags = opts->flags;
    map->extra = opts->extra;
    map->cpus = wn_map_is_percpu(opts->type) && opts->cpus ? opts->cpus : 1;
    map->memory = memory;
    map->memory_bytes = (uint64_t)bytes;
    atomic_init(&map->users, 1);
    atomic_init(&map->refs, 1);
    if (opts->name)
        strncat(map->name, opts->name, sizeof map->name - 1);
    *out = map;
    return 0;
}

struct wn_map *wn_map_ref(struct wn_map *map)
{
    atomic_fetch_add_explicit(&map->users, 1, memory_order_relaxed);
    return map;
}

void wn_map_free(struct wn_map *map)
{
    if (!map || atomic_fetch_sub_explicit(&map->users, 1, memory_order_acq_rel) != 1)
        return;
    if (map->ops->abandon)
        map->ops->abandon(map);
    wn_map_drop(map); /* which all users held together */
}

struct wn_map *wn_map_hold(struct wn_map *map)
{
    atomic_fetch_add_explicit(&map->refs, 1, memory_order_relaxed);
    return map;
}

void wn_map_drop(struct wn_map *map)
{
    if (atomic_fetch_sub_explicit(&map->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (map->ops->fini)
        map->ops->fini(map);
    munmap(map->memory, (size_t)map->memory_bytes);
    free(map->locks);
    free(map);
}

/* ---- Values ---------------------------------------------------------------------------------- */

void wn_map_read(const struct wn_map *map, uint32_t i, uint32_t cpu, uint8_t *value)
{
    if (map->locks) {
        wn_lock_hold(&map->locks[i % WN_MAP_LOCKS]);
        wn_words_out(value, wn_map_value(map, i, 0), map->value_bytes);
        wn_lock_drop(&map->locks[i % WN_MAP_LOCKS]);
        memset(value + map->lock_at, 0, 4);
        return;
    }
    if (!map->cpu_pitch || cpu != WN_ALL_CPUS) {
        wn_words_out(value, wn_map_value(map, i, map->cpu_pitch ? cpu : 0), map->value_bytes);
        return;
    }
    uint64_t step = wn_words_bytes(map->value_bytes);
    for (uint32_t c = 0; c < map->cpus; c++)
        wn_words_out(value + c * step, wn_map_value(map, i, c), step);
}

void wn_map_write(const struct wn_map *map, uint32_t i, uint32_t cpu, const uint8_t *value)
{
    if (map->locks) {
        wn_lock_hold(&map->locks[i % WN_MAP_LOCKS]);
        wn_words_in(wn_map_value(map, i, 0), value, map->value_bytes);
        wn_lock_drop(&map->locks[i % WN_MAP_LOCKS]);
        return;
    }
    if (!map->cpu_pitch || cpu != WN_ALL_CPUS) {
        wn_words_in(wn_map_value(map, i, map->cpu_pitch ? cpu : 0), value, map->value_bytes);
        return;
    }
    uint64_t step = wn_words_bytes(map->value_bytes);
    for (uint32_t c = 0; c < map->cpus; c++)
        wn_words_in(wn_map_value(map, i, c), value + c * step, step);
}

void wn_map_info(const struct wn_map *map, struct wn_map_info *out)
{
    uint64_t step = map->cpu_pitch ? wn_words_bytes(map->value_bytes) : map->value_bytes;
    *out = (struct wn_map_info){
        .type = map->type,
        .key_bytes = map->key_bytes,
        .value_bytes = map->value_bytes,
        .max_entries = map->max_entries,
        .flags = map->flags,
        .cpus = map->cpus,
        .entries = map->ops->count(map),
        .frozen = atomic_load(&map->frozen),
        .bytes = map->memory_bytes,
        .lookup_bytes = step * map->cpus,
        .name = map->name,
        .extra = map->extra,
        .has_lock = map->locks != NULL,
        .lock_at = map->lock_at,
    };
}

/* ---- The embedder's side --------------------------------------------------------------------- */

/** Maps have keys or not, and get one or not: 0, else as wn_map_lookup(). */
static int check_key(const struct wn_map *map, const void *key)
{
    return !key == !map->key_bytes ? 0 : key ? -EINVAL : -EFAULT;
}

static int get(struct wn_map *map, const void *key, uint32_t cpu, void *value)
{
    if (map->flags & WN_MAP_WRONLY)
        return -EPERM;
    if (cpu >= map->cpus && cpu != WN_ALL_CPUS)
        return -EINVAL;
    int r = check_key(map, key);
    return r ? r : map->ops->get(map, key, cpu, value);
}

int wn_map_lookup(struct wn_map *map, const void *key, void *value)
{
    return get(map, key, WN_ALL_CPUS, value);
}

int wn_map_lookup_cpu(struct wn_map *map, const void *key, uint32_t cpu, void *value)
{
    return get(map, key, cpu, value);
}

int wn_map_next(struct wn_map *map, const void *key, void *next)
{
    if (map->flags & WN_MAP_WRONLY)
        return -EPERM;
    return map->ops->next(map, key, next);
}

int wn_map_begin_write(struct wn_map *map)
{
    atomic_fetch_add(&map->writers, 1);
    return map->flags & WN_MAP_RDONLY || atomic_load(&map->frozen) ? -EPERM : 0;
}

int wn_map_end_write(struct wn_map *map, int result)
{
    atomic_fetch_sub(&map->writers, 1);
    return result;
}

int wn_map_update(struct wn_map *map, const void *key, const void *value, uint64_t flags)
{
    int r = wn_map_begin_write(map);
    if (r == 0 && flags & WN_MAP_LOCK && !map->locks)
        r = -EINVAL;
    r = r ? r : check_key(map, key);
    return wn_map_end_write(map, r ? r : map->ops->put(map, key, value, flags, WN_ALL_CPUS));
}

int wn_map_delete(struct wn_map *map, const void *key)
{
    int r = wn_map_begin_write(map);
    r = r ? r : check_key(map, key);
    return wn_map_end_write(map, r ? r : map->ops->remove(map, key));
}

int wn_map_lookup_and_delete(struct wn_map *map, const void *key, void *value)
{
    int r = wn_map_begin_write(map);
    if (r == 0 && map->flags & WN_MAP_WRONLY)
        r = -EPERM;
    r = r ? r : check_key(map, key);
    if (r == 0 && !map->ops->take)
        r = -WN_ENOTSUPP;
    return wn_map_end_write(map, r ? r : map->ops->take(map, key, value));
}

int wn_map_push(struct wn_map *map, const void *value, uint64_t flags)
{
    return wn_map_update(map, NULL, value, flags);
}

int wn_map_pop(struct wn_map *map, void *value)
{
    return wn_map_lookup_and_delete(map, NULL, value);
}

int wn_map_peek(struct wn_map *map, void *value)
{
    return wn_map_lookup(map, NULL, value);
}

int wn_map_freeze(struct wn_map *map)
{
    bool constant = map->flags & WN_MAP_RDONLY_PROG &&
                    (map->type == WN_MAP_ARRAY || map->type == WN_MAP_PERCPU_ARRAY);
    if (map->flags & WN_MAP_RDONLY || atomic_exchange(&map->frozen, true))
        return -EPERM;
    if (atomic_load(&map->writers)) {
        atomic_store(&map->frozen, false);
        return -EBUSY;
    }
    if (constant && mprotect(map->memory, (size_t)map->memory_bytes, PROT_READ)) {
        int r = -errno;
        atomic_store(&map->frozen, false);
        return r;
    }
    return 0;
}

void *wn_map_find_nothing(struct wn_map *map, const void *key, uint32_t cpu)
{
    (void)map;
    (void)key;
    (void)cpu;
    return NULL;
}

int wn_map_get_refused(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    (void)map, (void)key, (void)cpu, (void)value;
    return -EOPNOTSUPP;
}

int wn_map_put_refused(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                       uint32_t cpu)
{
    (void)map, (void)key, (void)value, (void)flags, (void)cpu;
    return -EOPNOTSUPP;
}

int wn_map_get_unknown(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    (void)map, (void)key, (void)cpu, (void)value;
    return -WN_ENOTSUPP;
}

int wn_map_put_unknown(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                       uint32_t cpu)
{
    (void)map, (void)key, (void)value, (void)flags, (void)cpu;
    return -WN_ENOTSUPP;
}

/* ---- The programs' side ---------------------------------------------------------------------- */

void *wn_map_find(struct wn_map *map, const void *key, uint32_t cpu)
{
    if (map->cpu_pitch && cpu >= map->cpus)
        return NULL;
    return map->ops->find(map, key, map->cpu_pitch ? cpu : 0);
}

/** For maps that nothing better is made for. */
static uint64_t find_any(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5,
                         struct wn_run *run)
{
    (void)r3;
    (void)r4;
    (void)r5;
    return (uint64_t)(uintptr_t)wn_map_find((struct wn_map *)(uintptr_t)map,
                                            (const void *)(uintptr_t)key, run->cpu);
}

wn_helper_fn wn_map_finder(const struct wn_map *map)
{
    wn_helper_fn made = map->ops->finder ? map->ops->finder(map) : NULL;
    return made ? made : find_any;
}

bool wn_map_visit(struct wn_map *map, struct wn_cursor *at, uint32_t cpu)
{
    if (!map->ops->visit || (map->cpu_pitch && cpu >= map->cpus))
        return false;
    return map->ops->visit(map, at, map->cpu_pitch ? cpu : 0);
}

int wn_map_put(struct wn_map *map, const void *key, const void *value, uint64_t flags, uint32_t cpu)
{
    if (map->flags & WN_MAP_RDONLY_PROG)
        return -EPERM;
    if (map->cpu_pitch && cpu >= map->cpus)
        return -EINVAL;
    return map->ops->put(map, key, value, flags, cpu);
}

int wn_map_remove(struct wn_map *map, const void *key)
{
    if (map->type == WN_MAP_PROG_ARRAY)
        return -EOPNOTSUPP;
    if (map->flags & WN_MAP_RDONLY_PROG)
        return -EPERM;
    return map->ops->remove(map, key);
}

/** Whether the program's push and pop are for this map, and it may be written. */
static int check_queue(const struct wn_map *map, bool write)
{
    if (map->key_bytes)
        return -EOPNOTSUPP;
    return write && map->flags & WN_MAP_RDONLY_PROG ? -EPERM : 0;
}

int wn_map_put_last(struct wn_map *map, const void *value, uint64_t flags)
{
    int r = check_queue(map, true);
    return r ? r : map->ops->put(map, NULL, value, flags, 0);
}

int wn_map_get_next(struct wn_map *map, void *value, bool take)
{
    int r = check_queue(map, take);
    if (r == 0 && take && !map->ops->take)
        r = -EOPNOTSUPP;
    if (r)
        return r;
    r = take ? map->ops->take(map, NULL, value) : map->ops->get(map, NULL, 0, value);
    if (r == -ENOENT && map->type != WN_MAP_BLOOM_FILTER)
        memset(value, 0, map->value_bytes);
    return r;
}

void wn_map_values(const struct wn_map *map, struct wn_region *out)
{
    uint64_t span = (uint64_t)(map->places - 1) * map->stride + map->value_bytes;
    *out = (struct wn_region){0};
    if (!map->values)
        return;
    *out = (struct wn_region){
        .start = (uint64_t)(uintptr_t)map->values,
        .bytes = span + map->cpu_pitch * (map->cpus - 1),
        .writable = !(map->flags & WN_MAP_RDONLY_PROG),
        .unreadable = map->flags & WN_MAP_WRONLY_PROG,
        .stride = map->stride,
        .size = map->value_bytes,
    };
}

void wn_map_bind(struct wn_map *map, struct wn_bound_map *out)
{
    *out = (struct wn_bound_map){.map = map,
                                 .key_bytes = map->key_bytes,
                                 .value_bytes = map->value_bytes,
                                 .type = map->type};
    wn_map_values(map, &out->values);
    if (wn_outer_inner(map))
        out->around = wn_outer_around;
    if (!map->locks)
        return;
    out->locks = map->locks;
    out->n_locks = WN_MAP_LOCKS;
    out->lock_at = out->values;
    out->lock_at.first = map->lock_at;
    out->lock_at.size = 4;
}
