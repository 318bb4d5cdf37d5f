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
    struct wn_elem *elem; /* NULL: not there */
    uint32_t number;
    uint32_t version;
    bool again; /* the chain changed on the way */
};

/** Whether an element has a key, as far as that can be said while it may change. Short keys are
 * compared sooner than hashes. */
WN_SIZED bool may_be(const struct wn_elem *e, const uint8_t *key, uint32_t hash, uint32_t bytes)
{
    if (bytes > 16 && atomic_load_explicit(&e->hash, memory_order_acquire) != hash)
        return false;
    return wn_hash_has(e, key, bytes);
}

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
        if (may_be(e, key, hash, bytes)) {
            bool same = atomic_load_explicit(&e->version, memory_order_relaxed) == version;
            return (struct found){e, link - 1, version, !same || version & 1};
        }
        link = atomic_load_explicit(&e->next, memory_order_acquire);
    }
    return (struct found){.again = link != (WN_CHAIN_END | bucket) ||
                                   moves != atomic_load_explicit(&b->moves, memory_order_relaxed)};
}

/** Keys up to this many words are read once, into registers if their number is known. */
#define FEW_WORDS 5

/** A key that has been read once: in registers if `bytes` is known. */
WN_SIZED uint32_t read_key(uint64_t words[FEW_WORDS], const uint8_t *key, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += 8)
        words[at / 8] = wn_word_of_fields(key + at, bytes - at);
    return (bytes + 7) & ~7u; /* what is behind the last byte is zero in elements, too */
}

/** Look once. */
WN_SIZED struct found look(const struct wn_hash *h, const uint8_t *key, uint32_t bytes)
{
    uint64_t words[FEW_WORDS];
    if (bytes <= sizeof words) {
        bytes = read_key(words, key, bytes);
        key = (const uint8_t *)words;
    }
    return walk(h, key, wn_hash_key(h, key, bytes), bytes);
}

/** Look until nothing changes on the way. */
static struct found search(const struct wn_hash *h, const void *key)
{
    struct found f;
    do
        f = look(h, key, h->map.key_bytes);
    while (f.again);
    return f;
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
    if (!f.elem)
        return NULL;
    uint32_t i = f.number;
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
        if (!f.elem)
            return -ENOENT;
        wn_map_read(map, f.number, cpu, value);
    } while (!still(f.elem, f.version));
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
    if (f.elem) {
        const struct wn_elem *e = f.elem;
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

/** As in the kernel the link to the next one is read before anybody can delete this one. Who
 * follows that into another chain, as it has been used again, goes on there. */
bool wn_hash_visit(struct wn_map *map, struct wn_cursor *at, uint32_t cpu)
{
    const struct wn_hash *h = wn_hash_of(map);
    while (!at->link || at->link & WN_CHAIN_END) {
        at->index += at->begun;
        at->begun = 1;
        if (at->index > h->mask)
            return false;
        at->link = atomic_load_explicit(&h->buckets[at->index].head, memory_order_acquire);
    }
    const struct wn_elem *e = wn_hash_at(h, at->link);
    at->key = e->key;
    at->value = wn_map_value(map, at->link - 1, cpu);
    at->link = atomic_load_explicit(&e->next, memory_order_acquire);
    return true;
}

/* ---- For compiled code ------------------------------------------------------------------------
 */

static __attribute__((noinline, cold)) uint64_t find_again(uint64_t map, uint64_t key, uint32_t cpu)
{
    return (uint64_t)(uintptr_t)wn_map_find((struct wn_map *)(uintptr_t)map,
                                            (const void *)(uintptr_t)key, cpu);
}

enum kind { PLAIN, LRU, PERCPU, LRU_PERCPU };

/** What a finder does, with 0 bytes for any number of them. Looking again is left to others, so
 * that no register has to be kept for it. */
WN_SIZED uint64_t find_sized(uint64_t map, uint64_t key, const struct wn_run *run, uint32_t bytes,
                             enum kind kind)
{
    const struct wn_hash *h = (const struct wn_hash *)(uintptr_t)map;
    const bool percpu = kind == PERCPU || kind == LRU_PERCPU;
    uint32_t n = bytes ? bytes : h->map.key_bytes;
    struct found f = look(h, (const uint8_t *)(uintptr_t)key, n);
    if (__builtin_expect(f.again, 0))
        return find_again(map, key, run->cpu);
    if (!f.elem || (percpu && run->cpu >= h->map.cpus))
        return 0;
    if (kind == LRU || kind == LRU_PERCPU)
        mark_used(h, f.number);
    if (percpu)
        return (uint64_t)(uintptr_t)wn_map_value(&h->map, f.number, run->cpu);
    return (uint64_t)(uintptr_t)f.elem->key + wn_words_bytes(n);
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
    FINDER(find_percpu_##bytes, bytes, PERCPU)                                                     \
    FINDER(find_lru_percpu_##bytes, bytes, LRU_PERCPU)
#define ROW(bytes) find_##bytes, find_lru_##bytes, find_percpu_##bytes, find_lru_percpu_##bytes
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
        wn_helper_fn made[4];
    } finders[] = {{4, {ROW(4)}},   {8, {ROW(8)}},   {12, {ROW(12)}}, {16, {ROW(16)}},
                   {20, {ROW(20)}}, {40, {ROW(40)}}, {0, {ROW(0)}}};
    unsigned kind = (map->cpu_pitch ? PERCPU : PLAIN) + (wn_hash_of(map)->marks ? LRU : PLAIN);
    unsigned i = 0;
    while (finders[i].bytes && finders[i].bytes != map->key_bytes)
        i++;
    return finders[i].made[kind];
}
