/* SPDX-License-Identifier: MIT */
/**
 * How tries of prefixes lie in memory.
 *
 * A node is a prefix: one that has a value, or one at which two others part. Its
 * children begin with it and then differ in the bit behind it. Bits of keys are
 * kept in words of the machine's order, the first one highest.
 *
 * Links have the number of an incarnation of the node that they lead to: what a
 * node says does not change as long as its version stays the same, so a reader
 * that finds the version of the link has read what the link meant.
 *
 * The first bits of a key lead past the first nodes: for each value that they may
 * have there is an entry with the longest prefix that is shorter than they are, and
 * the node to go on with.
 */
#pragma once

#include "map/kind.h"

/** Bytes of a key before its data, and of data at most (struct bpf_lpm_trie_key). */
#define WN_TRIE_HEAD  4u
#define WN_TRIE_WORDS 32u

/** 0, or the version of a node's incarnation and the node's number + 1. */
typedef _Atomic uint64_t wn_trie_link;

struct wn_trie_node {
    wn_trie_link child[2];
    atomic_uint version; /* odd while the rest changes */
    atomic_ushort bits;  /* length of the prefix */
    atomic_bool real;    /* it has a value */
    atomic_uint spare;   /* the pool's */
    uint64_t data[];     /* key, then the value */
};

struct wn_trie_entry {
    wn_trie_link best; /* longest real one of fewer than `first` bits */
    wn_trie_link down; /* shortest one of the others, real or not: they all begin with it */
};

struct wn_trie {
    struct wn_map map;
    uint8_t *nodes;
    struct wn_trie_entry *entries; /* 1 << first */
    uint32_t stride;               /* of nodes */
    uint32_t bits;                 /* most a prefix may have */
    uint32_t words;                /* of a key's data */
    uint32_t first;

    _Alignas(64) wn_trie_link root;
    atomic_uint count; /* of real nodes */
    struct wn_lock lock;
    struct wn_pool pool;
};

static inline struct wn_trie *wn_trie_of(const struct wn_map *map)
{
    return (struct wn_trie *)(uintptr_t)map;
}

static inline struct wn_trie_node *wn_trie_node(const struct wn_trie *t, uint64_t link)
{
    return (struct wn_trie_node *)(t->nodes + ((uint32_t)link - 1) * (uint64_t)t->stride);
}

static inline uint64_t wn_trie_get(const wn_trie_link *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
}

/** A key as it is looked for: read once, for the memory may be shared. */
struct wn_trie_key {
    uint32_t bits;
    uint64_t data[WN_TRIE_WORDS];
};

/** Words of a machine that has the first byte lowest are turned round. */
static inline uint64_t wn_trie_word(uint64_t word)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(word) : word;
}

/** Read `bytes` bytes of data and what is before them. Inlined: for the usual lengths its loop
 * vanishes. */
static inline __attribute__((always_inline)) void wn_trie_read(struct wn_trie_key *key,
                                                               const uint8_t *from, uint32_t bytes)
{
    memcpy(&key->bits, from, sizeof key->bits);
    for (uint32_t at = 0; at < bytes; at += 8)
        key->data[at / 8] = wn_trie_word(wn_word_of_fields(from + WN_TRIE_HEAD + at, bytes - at));
}

/** Bit i of some words, counted from the first word's highest. */
static inline unsigned wn_trie_bit(const uint64_t *words, uint32_t i)
{
    return words[i / 64] >> (63 - i % 64) & 1;
}

/** The entry of a key that has at least `first` bits. */
static inline struct wn_trie_entry *wn_trie_entry(const struct wn_trie *t, uint64_t word)
{
    return &t->entries[word >> (64 - t->first)];
}

/** bpf_map_lookup_elem's and the embedder's sides of tries. */
void *wn_trie_find(struct wn_map *map, const void *key, uint32_t cpu);
wn_helper_fn wn_trie_finder(const struct wn_map *map);
int wn_trie_get_value(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value);
