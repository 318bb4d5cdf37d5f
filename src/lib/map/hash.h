/* SPDX-License-Identifier: MIT */
/** Hashes, between making one (hash_new.c), finding in it (hash_find.c) and changing it (hash.c).
 */
#pragma once

#include "map/kind.h"

extern const struct wn_map_ops wn_hash_ops;

static inline struct wn_hash *wn_hash_of(const struct wn_map *map)
{
    return (struct wn_hash *)(uintptr_t)map;
}

static inline struct wn_elem *wn_hash_at(const struct wn_hash *h, uint32_t link)
{
    return wn_hash_elem(h, link - 1);
}

/** Multiply and fold: each bit of the result depends on all bits of both. */
static inline uint64_t wn_hash_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/** What is inlined for the usual lengths, so that its loops vanish. */
#define WN_SIZED static inline __attribute__((always_inline))

/** Two words at once: without the seed nobody knows which of them make the other one vanish. */
WN_SIZED uint32_t wn_hash_key(const struct wn_hash *h, const uint8_t *key, uint32_t bytes)
{
    uint64_t a = h->seed[0], b = h->seed[1];
    uint32_t at = 0;
    for (; bytes - at > 8; at += at + 16 > bytes ? bytes - at : 16)
        a = wn_hash_fold(a ^ wn_word_from(key + at, 8),
                         b ^ wn_word_from(key + at + 8, bytes - at - 8));
    return (uint32_t)(at < bytes ? wn_hash_fold(a ^ wn_word_from(key + at, bytes - at), b) : a);
}

WN_SIZED bool wn_hash_has(const struct wn_elem *e, const uint8_t *key, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += 8)
        if (wn_word_get(&e->key[at / 8]) != wn_word_from(key + at, bytes - at))
            return false;
    return true;
}

/* What wn_hash_ops is made of, for maps that are hashes and something more. */
void *wn_hash_find(struct wn_map *map, const void *key, uint32_t cpu);
int wn_hash_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value);
int wn_hash_next(struct wn_map *map, const void *key, uint8_t *next);
int wn_hash_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                uint32_t cpu);
int wn_hash_remove(struct wn_map *map, const void *key);
bool wn_hash_visit(struct wn_map *map, struct wn_cursor *at, uint32_t cpu);
uint32_t wn_hash_count(const struct wn_map *map);

/** wn_map_finder() of a hash; NULL if nothing is made for it. */
wn_helper_fn wn_hash_finder(const struct wn_map *map);
