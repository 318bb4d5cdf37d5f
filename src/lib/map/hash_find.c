/* SPDX-License-Identifier: MIT */
/**
 * Readers take no lock. An element is changed between two values of its
 * version, of which the first is odd, and each step of that is ordered: version,
 * link, hash, key, value, version. So a reader that has seen anything new of an
 * element that moved also sees its new link, which leads to the end of another
 * chain (and it starts again) or once more through its own; and a key that was
 * compared while the version stayed the same was the element's key.
 *
 * A key that is replaced moves from its place to the front, and a reader in
 * between would meet neither. The bucket counts these moves after the new element
 * is linked and before the old one is not: who missed the old one finds that the
 * count has changed, or has begun with the new one.
 */
#include <errno.h>

#include "map/hash.h"
#include "map/map.h"

/** An element as a reader found it. */
struct found {
    uint32_t link; /* 0: not there */
    uint32_t version;
    bool again; /* the chain changed on the way */
};

WN_SIZED struct found walk(const struct wn_hash *h, const uint8_t *key, uint32_t hash,
                           uint32_t bytes)
{
    uint32_t bucket = hash & h->mask;
    const struct wn_bucket *b = &h->buckets[bucket];
    uint32_t moves = atomic_load_explicit(&b->moves, memory_order_acquire);
    uint32_t link = atomic_load_explicit(&b->head, memory_order_acquire);
    if (!link)
        return (struct found){0};
    while (!(link & WN_CHAIN_END)) {
        struct wn_elem *e = wn_hash_at(h, link);
        uint32_t version = atomic_load_explicit(&e->version, memory_order_acquire);
        if (version & 1)
            return (struct found){.again = true};
        if (atomic_load_explicit(&e->hash, memory_order_acquire) == hash &&
            wn_hash_has(e, key, bytes)) {
            bool same = atomic_load_explicit(&e->version, memory_order_relaxed) == version;
            return (struct found){.link = link, .version = version, .again = !same};
        }
        link = atomic_load_explicit(&e->next, memory_order_acquire);
    }
    return (struct found){.again = link != (WN_CHAIN_END | bucket) ||
                                   moves != atomic_load_explicit(&b->moves, memory_order_relaxed)};
}

/** Keys up to this many words are read once, into registers if their number is known. */
#define FEW_WORDS 5

WN_SIZED struct found search_sized(const struct wn_hash *h, const uint8_t *key, uint32_t bytes)
{
    uint64_t words[FEW_WORDS];
    if (bytes <= sizeof words) {
        for (uint32_t at = 0; at < bytes; at += 8)
            words[at / 8] = wn_word_of_fields(key + at, bytes - at);
        key = (const uint8_t *)words;
        bytes = (bytes + 7) & ~7u; /* what is behind the last byte is zero in elements, too */
    }
    uint32_t hash = wn_hash_key(h, key, bytes);
    struct found f = walk(h, key, hash, bytes);
    while (f.again)
        f = walk(h, key, hash, bytes);
    return f;
}

static struct found search(const struct wn_hash *h, const void *key)
{
    switch (h->map.key_bytes) {
    case 4: return search_sized(h, key, 4);
    case 8: return search_sized(h, key, 8);
    case 16: return search_sized(h, key, 16);
    default: return search_sized(h, key, h->map.key_bytes);
    }
}

/** Readers of an LRU map say that an element is of use, if nobody has said so. */
static inline void mark_used(const struct wn_hash *h, uint32_t i)
{
    if (!(atomic_load_explicit(&h->marks[i], memory_order_relaxed) & WN_MARK_USED))
        atomic_fetch_or_explicit(&h->marks[i], WN_MARK_USED, memory_order_relaxed);
}

void *wn_hash_find(struct wn_map *map, const void *key, uint32_t cpu)
{
    struct wn_hash *h = wn_hash_of(map);
    struct found f = search(h, key);
    if (!f.link)
        return NULL;
    uint32_t i = f.link - 1;
    if (h->marks)
        mark_used(h, i);
    return wn_map_value(map, i, cpu);
}

/** Whether what was just copied from an element belonged to what was found. */
static bool still(const struct wn_elem *e, uint32_t version)
{
    return atomic_load_explicit(&e->version, memory_order_relaxed) == version;
}

int wn_hash_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    struct wn_hash *h = wn_hash_of(map);
    struct found f;
    do {
        f = search(h, key);
        if (!f.link)
            return -ENOENT;
        wn_map_read(map, f.link - 1, cpu, value);
    } while (!still(wn_hash_at(h, f.link), f.version));
    return 0;
}

/** Copy the key of the element a link leads to; false if that changed meanwhile. */
static bool copy_key(const struct wn_hash *h, uint32_t link, uint8_t *key)
{
    const struct wn_elem *e = wn_hash_at(h, link);
    uint32_t version = atomic_load_explicit(&e->version, memory_order_acquire);
    if (version & 1)
        return false;
    wn_words_out(key, (const uint8_t *)e->key, h->map.key_bytes);
    return still(e, version);
}

int wn_hash_next(struct wn_map *map, const void *key, uint8_t *next)
{
    struct wn_hash *h = wn_hash_of(map);
    uint64_t bucket = 0;
    struct found f = key ? search(h, key) : (struct found){0};
    if (f.link) {
        const struct wn_elem *e = wn_hash_at(h, f.link);
        uint32_t hash = atomic_load_explicit(&e->hash, memory_order_acquire);
        uint32_t link = atomic_load_explicit(&e->next, memory_order_acquire);
        if (still(e, f.version)) {
            bucket = hash & h->mask;
            if (link & WN_CHAIN_END)
                bucket++;
            else if (copy_key(h, link, next))
                return 0;
        }
    }
    for (; bucket <= h->mask; bucket++) {
        const atomic_uint *head = &h->buckets[bucket].head;
        uint32_t link = atomic_load_explicit(head, memory_order_acquire);
        while (link && !(link & WN_CHAIN_END)) {
            if (copy_key(h, link, next))
                return 0;
            link = atomic_load_explicit(head, memory_order_acquire);
        }
    }
    return -ENOENT;
}

/* ---- For compiled code ------------------------------------------------------------------------
 */

enum kind { PLAIN, LRU, PERCPU };

/** With 0 bytes of any number. */
WN_SIZED uint64_t find_sized(uint64_t map, uint64_t key, const struct wn_run *run, uint32_t bytes,
                             enum kind kind)
{
    const struct wn_hash *h = (const struct wn_hash *)(uintptr_t)map;
    const uint8_t *at = (const uint8_t *)(uintptr_t)key;
    struct found f = bytes ? search_sized(h, at, bytes) : search(h, at);
    if (!f.link)
        return 0;
    if (kind == PERCPU) {
        uint8_t *value = wn_map_value(&h->map, f.link - 1, run->cpu);
        return run->cpu < h->map.cpus ? (uint64_t)(uintptr_t)value : 0;
    }
    if (kind == LRU)
        mark_used(h, f.link - 1);
    return (uint64_t)(uintptr_t)wn_hash_at(h, f.link)->key +
           wn_words_bytes(bytes ? bytes : h->map.key_bytes);
}

#define FINDER(name, bytes, kind)                                                                  \
    static uint64_t name(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5,        \
                         struct wn_run *run)                                                       \
    {                                                                                              \
        (void)r3;                                                                                  \
        (void)r4;                                                                                  \
        (void)r5;                                                                                  \
        return find_sized(map, key, run, bytes, kind);                                             \
    }
#define FINDERS(bytes)                                                                             \
    FINDER(find_##bytes, bytes, PLAIN)                                                             \
    FINDER(find_lru_##bytes, bytes, LRU)                                                           \
    FINDER(find_percpu_##bytes, bytes, PERCPU)
#define ROW(bytes) find_##bytes, find_lru_##bytes, find_percpu_##bytes
FINDERS(0)
FINDERS(4)
FINDERS(8)
FINDERS(12)
FINDERS(16)
FINDERS(20)
FINDERS(40)

wn_helper_fn wn_hash_finder(const struct wn_map *map)
{
    static const struct {
        uint32_t bytes;
        wn_helper_fn made[3];
    } finders[] = {{4, {ROW(4)}},   {8, {ROW(8)}},   {12, {ROW(12)}}, {16, {ROW(16)}},
                   {20, {ROW(20)}}, {40, {ROW(40)}}, {0, {ROW(0)}}};
    enum kind kind = map->cpu_pitch ? PERCPU : wn_hash_of(map)->marks ? LRU : PLAIN;
    if (map->cpu_pitch && wn_hash_of(map)->marks)
        return NULL;
    unsigned i = 0;
    while (finders[i].bytes && finders[i].bytes != map->key_bytes)
        i++;
    return finders[i].made[kind];
}
