/* SPDX-License-Identifier: MIT */
/**
 * Hashes: plain, per-CPU and LRU. Who changes a bucket has its lock; hash_find.c says what
 * readers, who have none, go by.
 */
#include "map/hash.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>

uint32_t wn_hash_count(const struct wn_map *map)
{
    return atomic_load_explicit(&wn_hash_of(map)->count, memory_order_relaxed);
}

/* ---- Writers: the bucket is locked ----------------------------------------------------------- */

static uint32_t get_link(const atomic_uint *link)
{
    return atomic_load_explicit(link, memory_order_relaxed);
}

static void set_link(atomic_uint *link, uint32_t to)
{
    atomic_store_explicit(link, to, memory_order_release);
}

/** The link that leads to a key, or to an element if one is given; NULL if it is not there. */
static atomic_uint *link_to(const struct wn_hash *h, struct wn_bucket *b, uint32_t hash,
                            const uint8_t *key, const struct wn_elem *elem)
{
    atomic_uint *at = &b->head;
    for (uint32_t link = get_link(at); link && !(link & WN_CHAIN_END); link = get_link(at)) {
        struct wn_elem *e = wn_hash_at(h, link);
        if (elem ? e == elem : get_link(&e->hash) == hash && wn_hash_has(e, key, h->map.key_bytes))
            return at;
        at = &e->next;
    }
    return NULL;
}

/** Fill element i, which nobody else has, to be put in front of a chain. */
static void fill(struct wn_hash *h, uint32_t i, uint32_t hash, const uint8_t *key,
                 const uint8_t *value, uint32_t cpu)
{
    struct wn_elem *e = wn_hash_elem(h, i);
    uint32_t version = atomic_load_explicit(&e->version, memory_order_relaxed);
    uint32_t head = get_link(&h->buckets[hash & h->mask].head);
    atomic_store_explicit(&e->version, version + 1, memory_order_relaxed);
    set_link(&e->next, head ? head : WN_CHAIN_END | (hash & h->mask));
    atomic_store_explicit(&e->hash, hash, memory_order_release);
    wn_words_in((uint8_t *)e->key, key, h->map.key_bytes);
    for (uint32_t c = 0; h->map.cpu_pitch && cpu != WN_ALL_CPUS && c < h->map.cpus; c++)
        if (c != cpu)
            wn_words_clear(wn_map_value(&h->map, i, c), h->map.value_bytes);
    wn_map_write(&h->map, i, cpu, value);
    atomic_store_explicit(&e->version, version + 2, memory_order_release);
}

static void set_mark(struct wn_hash *h, uint32_t i, unsigned char mark)
{
    if (h->marks)
        atomic_store_explicit(&h->marks[i], mark, memory_order_relaxed);
}

static uint32_t take(struct wn_hash *h)
{
    uint32_t i = wn_pool_take(&h->pool);
    assert(i != WN_POOL_EMPTY); /* whoever may take one has counted it before */
    return i;
}

/** Take the element that a link leads to out of its chain and hand it to the pool. */
static void unlink_elem(struct wn_hash *h, atomic_uint *at)
{
    uint32_t i = get_link(at) - 1;
    set_link(at, get_link(&wn_hash_elem(h, i)->next));
    set_mark(h, i, 0);
    wn_pool_give(&h->pool, i);
}

/** Count one more, if there may be one more of at most `most`. */
static bool count_up(atomic_uint *count, uint32_t most)
{
    uint32_t n = atomic_load_explicit(count, memory_order_relaxed);
    while (n < most)
        if (atomic_compare_exchange_weak_explicit(count, &n, n + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

static void count_down(atomic_uint *count)
{
    atomic_fetch_sub_explicit(count, 1, memory_order_release);
}

/**
 * As in the kernel the old element leaves and a new one takes its place, so that
 * readers get the old value or the new one, and a program that holds the old one
 * keeps it. When all elements beyond max_entries are in use for that by other
 * threads, the value is overwritten; so it is for who wants that (WN_MAP_LOCK).
 */
static void replace(struct wn_hash *h, struct wn_bucket *b, atomic_uint *at, const uint8_t *value,
                    bool in_place, uint32_t cpu)
{
    uint32_t i = get_link(at) - 1;
    if (h->map.cpu_pitch || in_place || !count_up(&h->spares, h->map.places - h->map.max_entries)) {
        wn_map_write(&h->map, i, cpu, value);
    } else {
        struct wn_elem *old = wn_hash_elem(h, i);
        i = take(h);
        fill(h, i, get_link(&old->hash), (const uint8_t *)old->key, value, cpu);
        set_link(&b->head, i + 1);
        atomic_fetch_add_explicit(&b->moves, 1, memory_order_release);
        unlink_elem(h, link_to(h, b, 0, NULL, old));
        count_down(&h->spares);
    }
    set_mark(h, i, WN_MARK_LIVE | WN_MARK_USED);
}

static int insert(struct wn_hash *h, struct wn_bucket *b, uint32_t hash, const uint8_t *key,
                  const uint8_t *value, uint32_t cpu)
{
    if (!count_up(&h->count, h->map.max_entries))
        return -E2BIG;
    uint32_t i = take(h);
    fill(h, i, hash, key, value, cpu);
    /* A key in shared memory may be another one by now, for which this is not the chain. */
    if (wn_hash_key(h, (const uint8_t *)wn_hash_elem(h, i)->key, h->map.key_bytes) != hash) {
        wn_pool_give(&h->pool, i);
        count_down(&h->count);
        return -EAGAIN;
    }
    set_mark(h, i, WN_MARK_LIVE);
    set_link(&b->head, i + 1);
    return 0;
}

static int put_locked(struct wn_hash *h, struct wn_bucket *b, uint32_t hash, const uint8_t *key,
                      const uint8_t *value, uint64_t flags, uint32_t cpu)
{
    atomic_uint *old = link_to(h, b, hash, key, NULL);
    uint64_t plain = wn_map_plain_flags(&h->map, flags);
    if (old && plain == WN_MAP_NOEXIST)
        return -EEXIST;
    if (!old && plain == WN_MAP_EXIST)
        return -ENOENT;
    if (!old)
        return insert(h, b, hash, key, value, cpu);
    replace(h, b, old, value, plain != flags, cpu);
    return 0;
}

/* ---- LRU ------------------------------------------------------------------------------------- */

static bool remove_elem(struct wn_hash *h, uint32_t i)
{
    struct wn_elem *e = wn_hash_elem(h, i);
    struct wn_bucket *b = &h->buckets[get_link(&e->hash) & h->mask];
    wn_lock_hold(&b->lock);
    atomic_uint *at = link_to(h, b, 0, NULL, e);
    if (at) {
        unlink_elem(h, at);
        count_down(&h->count);
    }
    wn_lock_drop(&b->lock);
    return at;
}

/**
 * Make room by the clock rule: a hand goes round, takes the mark of use from
 * those that have it, and evicts the first that has none. No bucket is locked.
 */
static void evict(struct wn_hash *h)
{
    wn_lock_hold(&h->hand_lock);
    uint32_t n = atomic_load_explicit(&h->pool.fresh, memory_order_relaxed);
    bool done = false;
    for (uint64_t steps = 2 * (uint64_t)n; steps && !done; steps--) {
        uint32_t i = h->hand < n ? h->hand : 0;
        unsigned mark = atomic_load_explicit(&h->marks[i], memory_order_relaxed);
        h->hand = i + 1;
        if (mark & WN_MARK_USED)
            atomic_fetch_and_explicit(&h->marks[i], (unsigned char)~WN_MARK_USED,
                                      memory_order_relaxed);
        else if (mark & WN_MARK_LIVE)
            done = remove_elem(h, i);
    }
    wn_lock_drop(&h->hand_lock);
    if (!done) /* what fills the map is about to be linked, or to go, by other threads */
        sched_yield();
}

/* ---- Both ------------------------------------------------------------------------------------ */

int wn_hash_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                uint32_t cpu)
{
    struct wn_hash *h = wn_hash_of(map);
    if (wn_map_plain_flags(map, flags) > WN_MAP_EXIST)
        return -EINVAL;
    uint32_t hash = wn_hash_key(h, key, map->key_bytes);
    struct wn_bucket *b = &h->buckets[hash & h->mask];
    for (;;) {
        wn_lock_hold(&b->lock);
        int r = put_locked(h, b, hash, key, value, flags, cpu);
        wn_lock_drop(&b->lock);
        if (r != -E2BIG || !h->marks)
            return r;
        evict(h);
    }
}

int wn_hash_remove(struct wn_map *map, const void *key)
{
    struct wn_hash *h = wn_hash_of(map);
    uint32_t hash = wn_hash_key(h, key, map->key_bytes);
    struct wn_bucket *b = &h->buckets[hash & h->mask];
    wn_lock_hold(&b->lock);
    atomic_uint *at = link_to(h, b, hash, key, NULL);
    if (at) {
        unlink_elem(h, at);
        count_down(&h->count);
    }
    wn_lock_drop(&b->lock);
    return at ? 0 : -ENOENT;
}

static int hash_take(struct wn_map *map, const void *key, uint8_t *value)
{
    struct wn_hash *h = wn_hash_of(map);
    uint32_t hash = wn_hash_key(h, key, map->key_bytes);
    struct wn_bucket *b = &h->buckets[hash & h->mask];
    wn_lock_hold(&b->lock);
    atomic_uint *at = link_to(h, b, hash, key, NULL);
    if (at) {
        wn_map_read(map, get_link(at) - 1, WN_ALL_CPUS, value);
        unlink_elem(h, at);
        count_down(&h->count);
    }
    wn_lock_drop(&b->lock);
    return at ? 0 : -ENOENT;
}

/* ---- Whole buckets ----------------------------------------------------------------------------
 */

static uint32_t length_of(const struct wn_hash *h, const struct wn_bucket *b)
{
    uint32_t n = 0;
    for (uint32_t link = get_link(&b->head); link && !(link & WN_CHAIN_END);
         link = get_link(&wn_hash_at(h, link)->next))
        n++;
    return n;
}

/** Copy out a locked bucket behind `n` elements of a batch, and empty it. */
static void empty_into(struct wn_hash *h, struct wn_bucket *b, const struct wn_map_batch *batch,
                       uint32_t n, bool take)
{
    const struct wn_map *map = &h->map;
    uint64_t bytes =
        map->cpu_pitch ? wn_words_bytes(map->value_bytes) * map->cpus : map->value_bytes;
    uint32_t next;
    for (uint32_t link = get_link(&b->head); link && !(link & WN_CHAIN_END); link = next, n++) {
        const struct wn_elem *e = wn_hash_at(h, link);
        next = get_link(&e->next);
        wn_words_out((uint8_t *)batch->keys + (uint64_t)n * map->key_bytes, (const uint8_t *)e->key,
                     map->key_bytes);
        wn_map_read(map, link - 1, WN_ALL_CPUS, (uint8_t *)batch->values + n * bytes);
        if (take) {
            unlink_elem(h, &b->head);
            count_down(&h->count);
        }
    }
}

static int hash_buckets(struct wn_map *map, uint32_t *to, const struct wn_map_batch *batch,
                        uint32_t *count, bool take)
{
    struct wn_hash *h = wn_hash_of(map);
    uint32_t most = *count;
    for (*count = 0; *to <= h->mask; ++*to) {
        struct wn_bucket *b = &h->buckets[*to];
        if (!atomic_load_explicit(&b->head, memory_order_acquire))
            continue;
        wn_lock_hold(&b->lock);
        uint32_t n = length_of(h, b);
        bool fits = n <= most - *count;
        if (fits)
            empty_into(h, b, batch, *count, take);
        wn_lock_drop(&b->lock);
        if (!fits)
            return *count ? 0 : -ENOSPC;
        *count += n;
    }
    return -ENOENT;
}

const struct wn_map_ops wn_hash_ops = {
    .find = wn_hash_find,
    .finder = wn_hash_finder,
    .get = wn_hash_get,
    .put = wn_hash_put,
    .remove = wn_hash_remove,
    .take = hash_take,
    .buckets = hash_buckets,
    .next = wn_hash_next,
    .visit = wn_hash_visit,
    .count = wn_hash_count,
    .batches = WN_BATCH_LOOKUP | WN_BATCH_UPDATE | WN_BATCH_DELETE | WN_BATCH_TAKE,
};
