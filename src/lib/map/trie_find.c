/* SPDX-License-Identifier: MIT */
/**
 * Readers of tries take no lock. They follow links as a writer left them; where a
 * node has been put to another use meanwhile, its version tells, and they start
 * again. A node that is no longer in the trie still leads to what it led to.
 */
#include <errno.h>

#include "map/trie.h"

/** What follows is inlined for the usual lengths, so that their loops vanish. */
#define SIZED static inline __attribute__((always_inline))

/** Whether a key begins with the first `bits` bits of a node; it has as many. */
SIZED bool begins(const struct wn_trie_node *n, const struct wn_trie_key *key, uint32_t bits)
{
    uint32_t i = 0;
    /* NOLINTBEGIN(clang-analyzer-core.UndefinedBinaryOperatorResult): no more words than were read
     */
    for (; bits >= 64; bits -= 64, i++)
        if (wn_word_get(&n->data[i]) != key->data[i])
            return false;
    return !bits || (wn_word_get(&n->data[i]) ^ key->data[i]) >> (64 - bits) == 0;
    /* NOLINTEND(clang-analyzer-core.UndefinedBinaryOperatorResult) */
}

/** A link to the longest prefix, 0 without one. */
struct found {
    uint64_t link;
    bool again; /* the trie changed on the way */
};

SIZED struct found walk(const struct wn_trie *t, const struct wn_trie_key *key)
{
    const struct wn_trie_entry *entry = NULL;
    uint64_t first = 0, best, link;
    if (key->bits >= t->first) {
        entry = wn_trie_entry(t, key->data[0]);
        first = wn_trie_get(&entry->best);
        link = wn_trie_get(&entry->down);
    } else {
        link = wn_trie_get(&t->root);
    }
    best = first;
    while (link) {
        const struct wn_trie_node *n = wn_trie_node(t, link);
        uint32_t bits = atomic_load_explicit(&n->bits, memory_order_acquire);
        bool ends = bits >= key->bits;
        bool fits = bits <= key->bits && begins(n, key, bits);
        bool real = atomic_load_explicit(&n->real, memory_order_acquire);
        uint64_t next = ends ? 0 : wn_trie_get(&n->child[wn_trie_bit(key->data, bits)]);
        if (atomic_load_explicit(&n->version, memory_order_relaxed) != link >> 32)
            return (struct found){.again = true};
        if (!fits)
            break;
        if (real)
            best = link;
        link = next;
    }
    bool again =
        entry && best == first && atomic_load_explicit(&entry->best, memory_order_relaxed) != first;
    return (struct found){best, again};
}

SIZED uint64_t search_sized(const struct wn_trie *t, const uint8_t *from, uint32_t bytes)
{
    struct wn_trie_key key;
    struct found f;
    wn_trie_read(&key, from, bytes);
    if (key.bits > 8 * bytes)
        return 0;
    do
        f = walk(t, &key);
    while (f.again);
    return f.link;
}

static uint64_t search(const struct wn_trie *t, const void *key)
{
    switch (t->bits) {
    case 32: return search_sized(t, key, 4);
    case 64: return search_sized(t, key, 8);
    case 128: return search_sized(t, key, 16);
    default: return search_sized(t, key, t->bits / 8);
    }
}

void *wn_trie_find(struct wn_map *map, const void *key, uint32_t cpu)
{
    (void)cpu;
    uint64_t link = search(wn_trie_of(map), key);
    return link ? wn_map_value(map, (uint32_t)link - 1, 0) : NULL;
}

int wn_trie_get_value(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    const struct wn_trie *t = wn_trie_of(map);
    uint64_t link;
    (void)cpu;
    do {
        link = search(t, key);
        if (!link)
            return -ENOENT;
        wn_map_read(map, (uint32_t)link - 1, 0, value);
    } while (atomic_load_explicit(&wn_trie_node(t, link)->version, memory_order_relaxed) !=
             link >> 32);
    return 0;
}

/* ---- For compiled code ------------------------------------------------------------------------
 */

#define FINDER(name, bytes)                                                                        \
    static uint64_t name(uint64_t map, uint64_t key, uint64_t r3, uint64_t r4, uint64_t r5,        \
                         struct wn_run *run)                                                       \
    {                                                                                              \
        const struct wn_trie *t = (const struct wn_trie *)(uintptr_t)map;                          \
        (void)r3;                                                                                  \
        (void)r4;                                                                                  \
        (void)r5;                                                                                  \
        (void)run;                                                                                 \
        uint64_t link = search_sized(t, (const uint8_t *)(uintptr_t)key, bytes);                   \
        return link ? (uint64_t)(uintptr_t)(wn_trie_node(t, link)->data + ((bytes) + 7) / 8) : 0;  \
    }
FINDER(find_4, 4)
FINDER(find_8, 8)
FINDER(find_16, 16)

wn_helper_fn wn_trie_finder(const struct wn_map *map)
{
    switch (wn_trie_of(map)->bits) {
    case 32: return find_4;
    case 64: return find_8;
    case 128: return find_16;
    default: return NULL;
    }
}
