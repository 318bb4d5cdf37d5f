/* SPDX-License-Identifier: MIT */
#include "tables.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    uint64_t value;
    uint8_t key[32];
};

struct table {
    bool array;
    uint32_t key_bytes, mask;
    uint32_t entries, used;
    uint64_t *values;      /* of an array */
    struct node **buckets; /* of a hash */
    struct node *nodes;
};

struct table *table_new(enum wn_map_type type, uint32_t key_bytes, uint32_t entries)
{
    bool array = type == WN_MAP_ARRAY || type == WN_MAP_PERCPU_ARRAY;
    if (type == WN_MAP_LPM_TRIE)
        return NULL;
    struct table *t = calloc(1, sizeof *t);
    t->array = array;
    t->key_bytes = key_bytes;
    t->entries = entries;
    for (t->mask = 1; t->mask < entries; t->mask *= 2)
        ;
    t->mask--;
    if (array) {
        t->values = calloc(entries, sizeof *t->values);
    } else {
        t->buckets = calloc(t->mask + 1, sizeof(struct node *));
        t->nodes = calloc(entries, sizeof *t->nodes);
    }
    return t;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    free(table->values);
    free(table->buckets);
    free(table->nodes);
    free(table);
}

/* The usual: multiply and take the upper bits. */
static inline uint32_t hash(const uint8_t *key, uint32_t bytes)
{
    uint64_t h = 0, word;
    uint32_t at = 0;
    for (; at + 8 <= bytes; at += 8) {
        memcpy(&word, key + at, 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    if (at < bytes) {
        uint32_t half;
        memcpy(&half, key + at, 4);
        h = (h ^ half) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return (uint32_t)(h >> 32);
}

static uint32_t index_of(const uint8_t *key)
{
    uint32_t i;
    memcpy(&i, key, sizeof i);
    return i;
}

void table_set(struct table *table, const uint8_t *key, uint64_t value)
{
    if (table->array) {
        table->values[index_of(key)] = value;
        return;
    }
    struct node **bucket = &table->buckets[hash(key, table->key_bytes) & table->mask];
    struct node *node = &table->nodes[table->used++];
    memcpy(node->key, key, table->key_bytes);
    node->value = value;
    node->next = *bucket;
    *bucket = node;
}

static inline uint64_t sum_array(const struct table *t, uint64_t *at, const uint8_t (*keys)[32],
                                 uint32_t n, uint32_t lookups)
{
    uint64_t sum = 0, i = *at;
    while (lookups-- > 0) {
        i = (i + 1) & (n - 1);
        uint32_t index = index_of(keys[i]);
        if (index < t->entries)
            sum += t->values[index];
    }
    *at = i;
    return sum;
}

static inline __attribute__((always_inline)) const uint64_t *find_sized(const struct table *t,
                                                                        const uint8_t *key,
                                                                        uint32_t bytes)
{
    const struct node *node = t->buckets[hash(key, bytes) & t->mask];
    while (node && memcmp(node->key, key, bytes) != 0)
        node = node->next;
    return node ? &node->value : NULL;
}

/* As tables have it: a function that is called with the address of a key. */
#define FIND(bytes)                                                                                \
    static __attribute__((noinline))                                                               \
    const uint64_t *find_##bytes(const struct table *t, const uint8_t *key)                        \
    {                                                                                              \
        return find_sized(t, key, bytes);                                                          \
    }
FIND(4)
FIND(16)
FIND(20)

/** The key is put together first, as it is for our maps. */
#define SUM(bytes)                                                                                 \
    static uint64_t sum_##bytes(const struct table *t, uint64_t *at, const uint8_t(*keys)[32],     \
                                uint32_t n, uint32_t lookups)                                      \
    {                                                                                              \
        uint64_t sum = 0, i = *at;                                                                 \
        while (lookups-- > 0) {                                                                    \
            uint8_t key[32];                                                                       \
            i = (i + 1) & (n - 1);                                                                 \
            memcpy(key, keys[i], bytes);                                                           \
            const uint64_t *value = find_##bytes(t, key);                                          \
            if (value)                                                                             \
                sum += *value;                                                                     \
        }                                                                                          \
        *at = i;                                                                                   \
        return sum;                                                                                \
    }
SUM(4)
SUM(16)
SUM(20)

uint64_t table_sum(const struct table *table, uint64_t *at, const uint8_t (*keys)[32], uint32_t n,
                   uint32_t lookups)
{
    if (table->array)
        return sum_array(table, at, keys, n, lookups);
    switch (table->key_bytes) {
    case 4: return sum_4(table, at, keys, n, lookups);
    case 16: return sum_16(table, at, keys, n, lookups);
    default: return sum_20(table, at, keys, n, lookups);
    }
}
