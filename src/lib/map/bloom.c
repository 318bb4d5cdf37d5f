/* SPDX-License-Identifier: MIT */
/**
 * Bloom filters: a value's hashes name the bits that it sets, and that must be set
 * for it to be in there. The hash is the kernel's (Bob Jenkins' lookup3), so that
 * without a seed both say the same of every value, wrong ones included.
 */
#include <errno.h>
#include <sys/random.h>

#include "map/kind.h"

#define USUAL_HASHES 5u
#define MOST_HASHES  15u

/** Bits of the largest filter: hashes have 32. */
#define MOST_BITS (UINT64_C(1) << 32)

struct bloom {
    struct wn_map map;
    uint32_t hashes;
    uint32_t seed;
    uint32_t mask; /* bits - 1 */
};

static struct bloom *bloom_of(const struct wn_map *map)
{
    return (struct bloom *)(uintptr_t)map;
}

/* ---- lookup3 --------------------------------------------------------------------------------- */

static inline uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

struct mix {
    uint32_t a, b, c;
};

/** The three change places, so that all steps are the same. */
static inline void stir(struct mix *m, unsigned by)
{
    *m = (struct mix){m->b, m->c + m->b, (m->a - m->c) ^ rotate(m->c, by)};
}

static inline void settle(struct mix *m, unsigned by)
{
    *m = (struct mix){m->b, (m->c ^ m->b) - rotate(m->b, by), m->a};
}

static inline void mix(struct mix *m)
{
    stir(m, 4);
    stir(m, 6);
    stir(m, 8);
    stir(m, 16);
    stir(m, 19);
    stir(m, 4);
}

static inline uint32_t finish(struct mix *m)
{
    settle(m, 14);
    settle(m, 11);
    settle(m, 25);
    settle(m, 16);
    settle(m, 4);
    settle(m, 14);
    settle(m, 24);
    return m->b;
}

static uint32_t little(const uint8_t *at, uint32_t bytes)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < bytes && i < 4; i++)
        word |= (uint32_t)at[i] << 8 * i;
    return word;
}

/** As many bytes as there are, in words of the machine's order if there are no others. */
static uint32_t word_at(const uint8_t *at, uint32_t bytes, bool whole)
{
    uint32_t word;
    if (!whole || bytes < 4)
        return little(at, bytes);
    memcpy(&word, at, sizeof word);
    return word;
}

static uint32_t hash(const struct bloom *b, const uint8_t *value, uint32_t i)
{
    uint32_t left = b->map.value_bytes;
    bool whole = left % 4 == 0; /* then the kernel hashes words */
    uint32_t start = 0xdeadbeef + left + b->seed + i;
    struct mix m = {start, start, start};
    for (; left > 12; left -= 12, value += 12) {
        m.a += word_at(value, left, whole);
        m.b += word_at(value + 4, left, whole);
        m.c += word_at(value + 8, left, whole);
        mix(&m);
    }
    m.a += word_at(value, left, whole);
    m.b += left > 4 ? word_at(value + 4, left - 4, whole) : 0;
    m.c += left > 8 ? word_at(value + 8, left - 8, whole) : 0;
    return finish(&m) & b->mask;
}

/* ---- Operations ------------------------------------------------------------------------------ */

static uint64_t *word_of(const struct bloom *b, uint32_t bit)
{
    return (uint64_t *)b->map.memory + bit / 64;
}

static int bloom_get(struct wn_map *map, const void *key, uint32_t cpu, uint8_t *value)
{
    const struct bloom *b = bloom_of(map);
    (void)key;
    (void)cpu;
    for (uint32_t i = 0; i < b->hashes; i++) {
        uint32_t bit = hash(b, value, i);
        if (!(__atomic_load_n(word_of(b, bit), __ATOMIC_RELAXED) >> bit % 64 & 1))
            return -ENOENT;
    }
    return 0;
}

static int bloom_put(struct wn_map *map, const void *key, const uint8_t *value, uint64_t flags,
                     uint32_t cpu)
{
    const struct bloom *b = bloom_of(map);
    (void)key;
    (void)cpu;
    if (flags != WN_MAP_ANY)
        return -EINVAL;
    for (uint32_t i = 0; i < b->hashes; i++) {
        uint32_t bit = hash(b, value, i);
        __atomic_fetch_or(word_of(b, bit), UINT64_C(1) << bit % 64, __ATOMIC_RELAXED);
    }
    return 0;
}

static int bloom_remove(struct wn_map *map, const void *key)
{
    (void)map;
    (void)key;
    return -EOPNOTSUPP;
}

static int bloom_next(struct wn_map *map, const void *key, uint8_t *next)
{
    (void)map;
    (void)key;
    (void)next;
    return -EOPNOTSUPP;
}

/** How many values are in there nobody knows. */
static uint32_t bloom_count(const struct wn_map *map)
{
    (void)map;
    return 0;
}

static const struct wn_map_ops ops = {
    .find = wn_map_find_nothing,
    .get = bloom_get,
    .put = bloom_put,
    .remove = bloom_remove,
    .next = bloom_next,
    .count = bloom_count,
};

/** Kernel: bloom_map_alloc_check and bloom_map_alloc. */
static int check(const struct wn_map_opts *o, struct wn_error *err)
{
    uint32_t allowed = WN_MAP_NUMA_NODE | WN_MAP_RDONLY | WN_MAP_WRONLY | WN_MAP_RDONLY_PROG |
                       WN_MAP_WRONLY_PROG | WN_MAP_ZERO_SEED;
    if (o->value_bytes > WN_VALUE_MAX)
        return wn_fail(err, -E2BIG, WN_NOWHERE, "values of %u bytes, %u at most", o->value_bytes,
                       WN_VALUE_MAX);
    if (o->key_bytes)
        return wn_map_invalid(o, err, "there are no keys: key_size must be 0");
    if (o->value_bytes == 0)
        return wn_map_invalid(o, err, "values have no bytes");
    if (o->max_entries == 0)
        return wn_map_invalid(o, err, "max_entries is 0");
    if (o->flags & ~allowed || !wn_map_access_ok(o->flags))
        return wn_map_invalid(o, err, "a bloom filter does not take these flags");
    if (o->extra > MOST_HASHES)
        return wn_map_invalid(o, err, "map_extra is a number of hashes, 15 at most");
    return 0;
}

/** About n * hashes / ln 2 bits make the fewest mistakes; rounded as the kernel does. */
static uint64_t bits_for(uint32_t entries, uint32_t hashes)
{
    uint64_t wanted = (uint64_t)entries * hashes, bits = 64;
    wanted = wanted > UINT32_MAX ? MOST_BITS : wanted / 5 * 7;
    while (bits < wanted && bits < MOST_BITS)
        bits *= 2;
    return bits;
}

int wn_bloom_new(const struct wn_map_opts *opts, struct wn_map **out, struct wn_error *err)
{
    uint32_t hashes = opts->extra ? (uint32_t)opts->extra : USUAL_HASHES, seed = 0;
    int r = check(opts, err);
    if (r)
        return r;
    if (!(opts->flags & WN_MAP_ZERO_SEED) &&
        getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return wn_fail(err, -errno, WN_NOWHERE, "no random numbers for a bloom filter");
    uint64_t bits = bits_for(opts->max_entries, hashes);
    struct wn_map *map;
    r = wn_map_make(opts, &ops, sizeof(struct bloom), bits / 8, &map, err);
    if (r)
        return r;
    struct bloom *b = bloom_of(map);
    b->hashes = hashes;
    b->seed = seed;
    b->mask = (uint32_t)(bits - 1);
    *out = map;
    return 0;
}
