/* SPDX-License-Identifier: MIT */
/** Tries, queues, stacks and bloom filters; and what is done to many elements at once. */
#include "map/map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "maps.h"

/* ---- Tries ----------------------------------------------------------------------------------- */

struct prefix {
    uint32_t bits;
    uint8_t data[4];
};

#define TRIE(entries) ((struct wn_map_opts){WN_MAP_LPM_TRIE, 8, 8, entries, WN_MAP_NO_PREALLOC})
#define P(bits, ...)  ((struct prefix){bits, {__VA_ARGS__}})

static int put(struct wn_map *map, struct prefix key, uint64_t value, uint64_t flags)
{
    return wn_map_update(map, &key, &value, flags);
}

/** The value of the longest prefix of a key; 0 without. All ways of looking say the same. */
static uint64_t longest(struct wn_map *map, struct prefix key)
{
    uint64_t value = 0;
    int r = wn_map_lookup(map, &key, &value);
    const uint64_t *found = wn_map_find(map, &key, 0);
    uint64_t made =
        wn_map_finder(map)((uint64_t)(uintptr_t)map, (uint64_t)(uintptr_t)&key, 0, 0, 0, NULL);
    assert_true(r == 0 || r == -ENOENT);
    assert_int_equal(r == 0, found != NULL);
    assert_ptr_equal((const uint64_t *)(uintptr_t)made, found);
    assert_int_equal(found ? *found : 0, value);
    return value;
}

static void the_longest_prefix_is_found(void **state)
{
    (void)state;
    /* With few entries and with many, the first bits lead past other nodes. */
    for (uint32_t most = 8; most <= 1 << 16; most *= 4) {
        struct wn_map *map = map_of(TRIE(most));
        assert_int_equal(longest(map, P(32, 10, 1, 2, 3)), 0);
        assert_int_equal(put(map, P(8, 10), 1, WN_MAP_ANY), 0);
        assert_int_equal(put(map, P(24, 10, 1, 2, 9), 2, WN_MAP_ANY), 0);
        assert_int_equal(put(map, P(16, 10, 1), 3, WN_MAP_ANY), 0);
        assert_int_equal(put(map, P(32, 10, 1, 2, 3), 4, WN_MAP_ANY), 0);
        assert_int_equal(longest(map, P(32, 10, 1, 2, 3)), 4);
        assert_int_equal(longest(map, P(32, 10, 1, 2, 4)), 2);
        assert_int_equal(longest(map, P(32, 10, 1, 3, 3)), 3);
        assert_int_equal(longest(map, P(32, 10, 2, 2, 3)), 1);
        assert_int_equal(longest(map, P(32, 11, 1, 2, 3)), 0);
        assert_int_equal(longest(map, P(31, 10, 1, 2, 3)), 2);
        assert_int_equal(longest(map, P(8, 10)), 1);
        assert_int_equal(longest(map, P(7, 10)), 0);
        assert_int_equal(put(map, P(0, 9, 9, 9, 9), 5, WN_MAP_NOEXIST), 0);
        assert_int_equal(longest(map, P(7, 10)), 5);
        assert_int_equal(longest(map, P(0, 1)), 5);
        assert_int_equal(longest(map, P(32, 200)), 5);
        assert_int_equal(entries(map), 5);
        wn_map_free(map);
    }
}

static void a_prefix_that_goes_uncovers_the_one_it_lies_in(void **state)
{
    (void)state;
    struct wn_map *map = map_of(TRIE(1000));
    for (uint32_t bits = 0; bits <= 32; bits++)
        assert_int_equal(put(map, P(bits, 0xa5, 0xa5, 0xa5, 0xa5), bits + 1, WN_MAP_NOEXIST), 0);
    for (uint32_t bits = 32; bits <= 32; bits -= 2) {
        struct prefix key = P(bits, 0xa5, 0xa5, 0xa5, 0xa5);
        assert_int_equal(longest(map, key), bits + 1);
        assert_int_equal(wn_map_delete(map, &key), 0);
        assert_int_equal(wn_map_delete(map, &key), -ENOENT);
        assert_int_equal(longest(map, key), bits);
    }
    assert_int_equal(entries(map), 16);
    wn_map_free(map);
}

static void a_trie_has_the_kernels_errors(void **state)
{
    (void)state;
    struct wn_map *map = map_of(TRIE(2));
    struct prefix long_one = P(33, 1), missing = P(9, 1);
    uint64_t value;
    assert_int_equal(put(map, P(8, 1), 1, WN_MAP_EXIST), -ENOENT);
    assert_int_equal(put(map, P(8, 1), 1, 3), -EINVAL);
    assert_int_equal(put(map, long_one, 1, WN_MAP_ANY), -EINVAL);
    assert_int_equal(put(map, P(8, 1), 1, WN_MAP_NOEXIST), 0);
    assert_int_equal(put(map, P(8, 1), 1, WN_MAP_NOEXIST), -EEXIST);
    assert_int_equal(put(map, P(8, 2), 1, WN_MAP_ANY), 0);
    assert_int_equal(put(map, P(8, 3), 1, WN_MAP_ANY), -ENOSPC);
    assert_int_equal(put(map, P(8, 3), 1, WN_MAP_EXIST), -ENOENT);
    assert_int_equal(put(map, P(8, 2), 2, WN_MAP_ANY), 0);
    assert_int_equal(longest(map, P(32, 2)), 2);
    assert_int_equal(wn_map_delete(map, &long_one), -EINVAL);
    assert_int_equal(wn_map_delete(map, &missing), -ENOENT);
    assert_int_equal(wn_map_lookup(map, &long_one, &value), -ENOENT);
    assert_int_equal(wn_map_lookup_and_delete(map, &missing, &value), -WN_ENOTSUPP);
    assert_int_equal(wn_map_lookup(map, NULL, &value), -EFAULT);
    wn_map_free(map);
}

static void longer_prefixes_come_first(void **state)
{
    (void)state;
    static const struct prefix order[] = {{24, {192, 168, 0}},   {24, {192, 168, 1}},
                                          {24, {192, 168, 128}}, {16, {192, 168}},
                                          {1, {0x80}},           {0, {0}}};
    static const uint8_t made[] = {3, 5, 0, 4, 2, 1};
    struct wn_map *map = map_of(TRIE(10));
    struct prefix key, other = P(17, 192, 168);
    assert_int_equal(wn_map_next(map, NULL, &key), -ENOENT);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(put(map, order[made[i]], 1, WN_MAP_ANY), 0);
    int r = wn_map_next(map, NULL, &key);
    for (unsigned i = 0; i < 6; i++, r = wn_map_next(map, &key, &key)) {
        assert_int_equal(r, 0);
        assert_memory_equal(&key, &order[i], sizeof key);
    }
    assert_int_equal(r, -ENOENT);
    assert_int_equal(wn_map_next(map, &other, &key), 0); /* is not there: the first one */
    assert_memory_equal(&key, &order[0], sizeof key);
    wn_map_free(map);
}

/** Every length of keys: bits in all of their words count. */
static void keys_of_all_lengths_are_compared_to_the_last_bit(void **state)
{
    (void)state;
    for (uint32_t bytes = 1; bytes <= 256; bytes += bytes < 20 ? 1 : 59) {
        struct wn_map *map =
            map_of((struct wn_map_opts){WN_MAP_LPM_TRIE, 4 + bytes, 8, 4, WN_MAP_NO_PREALLOC});
        uint8_t key[4 + 256] = {0};
        uint32_t bits = bytes * 8, shorter = bits - 1;
        uint64_t one = 1, two = 2, value;
        memcpy(key, &bits, sizeof bits);
        memset(key + 4, 0xc3, bytes);
        assert_int_equal(wn_map_update(map, key, &one, WN_MAP_ANY), 0);
        memcpy(key, &shorter, sizeof shorter);
        assert_int_equal(wn_map_update(map, key, &two, WN_MAP_ANY), 0);
        memcpy(key, &bits, sizeof bits);
        assert_int_equal(wn_map_lookup(map, key, &value), 0);
        assert_int_equal(value, 1);
        key[4 + bytes - 1] ^= 1;
        assert_int_equal(wn_map_lookup(map, key, &value), 0);
        assert_int_equal(value, 2);
        key[4 + bytes - 1] ^= 2;
        assert_int_equal(wn_map_lookup(map, key, &value), -ENOENT);
        wn_map_free(map);
    }
}

/* ---- Queues and stacks ----------------------------------------------------------------------- */

#define KEYLESS(type, entries) ((struct wn_map_opts){type, 0, 8, entries, 0})

static uint64_t popped(struct wn_map *map)
{
    uint64_t seen, value = 77;
    int r = wn_map_peek(map, &value);
    seen = value;
    assert_int_equal(wn_map_pop(map, &value), r);
    assert_int_equal(value, seen);
    return r == -ENOENT ? 0 : value;
}

static void queues_and_stacks_differ_in_the_end_that_they_give(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_QUEUE, WN_MAP_STACK};
    for (unsigned t = 0; t < 2; t++) {
        struct wn_map *map = map_of(KEYLESS(types[t], 3));
        for (unsigned round = 0; round < 7; round++) {
            assert_int_equal(popped(map), 0);
            for (uint64_t i = 1; i <= 4; i++)
                assert_int_equal(wn_map_push(map, &i, WN_MAP_ANY), i < 4 ? 0 : -E2BIG);
            uint64_t five = 5;
            assert_int_equal(wn_map_push(map, &five, WN_MAP_EXIST), 0); /* 1 goes */
            assert_int_equal(entries(map), 3);
            assert_int_equal(popped(map), t ? 5 : 2);
            assert_int_equal(popped(map), 3);
            assert_int_equal(popped(map), t ? 2 : 5);
        }
        wn_map_free(map);
    }
}

static void what_has_no_keys_takes_none(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_QUEUE, WN_MAP_STACK, WN_MAP_BLOOM_FILTER};
    uint64_t value = 0;
    for (unsigned t = 0; t < 3; t++) {
        bool filter = t == 2;
        struct wn_map *map = map_of(KEYLESS(types[t], 3));
        struct wn_map_batch batch = {.keys = &value, .values = &value, .out = &value, .count = 1};
        assert_int_equal(wn_map_update(map, &value, &value, WN_MAP_ANY), -EINVAL);
        assert_int_equal(wn_map_lookup(map, &value, &value), -EINVAL);
        assert_int_equal(wn_map_delete(map, &value), -EINVAL);
        assert_int_equal(wn_map_delete(map, NULL), filter ? -EOPNOTSUPP : -EINVAL);
        assert_int_equal(wn_map_next(map, NULL, &value), filter ? -EOPNOTSUPP : -EINVAL);
        assert_int_equal(wn_map_push(map, &value, WN_MAP_NOEXIST), -EINVAL);
        assert_int_equal(wn_map_push(map, &value, WN_MAP_EXIST), filter ? -EINVAL : 0);
        assert_int_equal(wn_map_pop(map, &value), filter ? -WN_ENOTSUPP : 0);
        assert_int_equal(wn_map_lookup_batch(map, &batch), -WN_ENOTSUPP);
        assert_null(wn_map_find(map, NULL, 0));
        wn_map_free(map);
    }
    struct wn_map *hash = map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8, 3, 0});
    assert_int_equal(wn_map_push(hash, &value, WN_MAP_ANY), -EFAULT);
    assert_int_equal(wn_map_pop(hash, &value), -EFAULT);
    assert_int_equal(wn_map_peek(hash, &value), -EFAULT);
    wn_map_free(hash);
}

static void who_may_not_write_takes_nothing_out(void **state)
{
    (void)state;
    uint64_t value = 1;
    struct wn_map_opts opts = KEYLESS(WN_MAP_QUEUE, 3);
    struct wn_map *map = map_of(opts);
    assert_int_equal(wn_map_push(map, &value, WN_MAP_ANY), 0);
    assert_int_equal(wn_map_freeze(map), 0);
    assert_int_equal(wn_map_peek(map, &value), 0);
    assert_int_equal(wn_map_pop(map, &value), -EPERM);
    assert_int_equal(wn_map_push(map, &value, WN_MAP_ANY), -EPERM);
    wn_map_free(map);
    opts.flags = WN_MAP_RDONLY_PROG;
    map = map_of(opts);
    assert_int_equal(wn_map_push(map, &value, WN_MAP_ANY), 0);
    assert_int_equal(wn_map_put_last(map, &value, WN_MAP_ANY), -EPERM);
    assert_int_equal(wn_map_get_next(map, &value, true), -EPERM);
    assert_int_equal(wn_map_get_next(map, &value, false), 0);
    wn_map_free(map);
}

/* ---- Bloom filters --------------------------------------------------------------------------- */

static void a_filter_never_forgets_and_seldom_errs(void **state)
{
    (void)state;
    enum { VALUES = 1000 };
    for (uint32_t hashes = 0; hashes <= 15; hashes += 5) {
        struct wn_map_opts opts = KEYLESS(WN_MAP_BLOOM_FILTER, VALUES);
        unsigned wrong = 0;
        opts.extra = hashes;
        struct wn_map *map = map_of(opts);
        for (uint64_t i = 0; i < VALUES; i++)
            assert_int_equal(wn_map_push(map, &i, WN_MAP_ANY), 0);
        for (uint64_t i = 0; i < VALUES; i++)
            assert_int_equal(wn_map_peek(map, &i), 0);
        for (uint64_t i = VALUES; i < 11 * VALUES; i++)
            wrong += wn_map_peek(map, &i) == 0;
        assert_in_range(wrong, 0, VALUES); /* one in ten; what is usual is far less */
        wn_map_free(map);
    }
}

/** What the kernel's hash (lookup3) gives: Linux 6.18, without a seed. */
static void without_a_seed_a_filter_errs_as_the_kernels(void **state)
{
    (void)state;
    struct wn_map_opts opts = {WN_MAP_BLOOM_FILTER, 0, 4, 4, WN_MAP_ZERO_SEED};
    struct wn_map *map = map_of(opts);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(wn_map_push(map, &i, WN_MAP_ANY), 0);
    uint32_t wrong[8] = {0}, n = 0;
    for (uint32_t i = 20; n < 8; i++)
        if (wn_map_peek(map, &i) == 0)
            wrong[n++] = i;
    static const uint32_t kernels[8] = {22, 27, 32, 33, 35, 36, 40, 43};
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        assert_memory_equal(wrong, kernels, sizeof wrong);
    wn_map_free(map);
}

/* ---- Absurd and refused ---------------------------------------------------------------------- */

static void attributes_are_checked_as_the_kernel_does(void **state)
{
    (void)state;
    const uint64_t much = UINT64_C(1) << 40;
    const struct {
        struct wn_map_opts opts;
        int result;
    } cases[] = {
        {{WN_MAP_LPM_TRIE, 8, 8, 1, 0}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 4, 8, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 5, 8, 1, WN_MAP_NO_PREALLOC}, 0},
        {{WN_MAP_LPM_TRIE, 260, 8, 1, WN_MAP_NO_PREALLOC}, 0},
        {{WN_MAP_LPM_TRIE, 261, 8, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 8, 0, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 8, 4194024, 1, WN_MAP_NO_PREALLOC}, 0},
        {{WN_MAP_LPM_TRIE, 8, 4194025, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 8, 8, 0, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_LPM_TRIE, 8, 8, UINT32_MAX, WN_MAP_NO_PREALLOC, .max_bytes = much}, -E2BIG},
        {{WN_MAP_LPM_TRIE, 8, 8, 1u << 30, WN_MAP_NO_PREALLOC}, WN_E_LIMIT},
        {{WN_MAP_LPM_TRIE, 8, 8, 1, WN_MAP_NO_PREALLOC | WN_MAP_ZERO_SEED}, -EINVAL},
        {{WN_MAP_QUEUE, 4, 8, 1, 0}, -EINVAL},
        {{WN_MAP_QUEUE, 0, 0, 1, 0}, -EINVAL},
        {{WN_MAP_QUEUE, 0, 8, 0, 0}, -EINVAL},
        {{WN_MAP_QUEUE, 0, 8, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_QUEUE, 0, 1u << 22, 1, 0}, 0},
        {{WN_MAP_STACK, 0, (1u << 22) + 1, 1, 0}, -E2BIG},
        {{WN_MAP_STACK, 0, 8, UINT32_MAX, 0}, WN_E_LIMIT},
        {{WN_MAP_BLOOM_FILTER, 4, 8, 1, 0}, -EINVAL},
        {{WN_MAP_BLOOM_FILTER, 0, 0, 1, 0}, -EINVAL},
        {{WN_MAP_BLOOM_FILTER, 0, (1u << 22) + 1, 0, 0}, -E2BIG},
        {{WN_MAP_BLOOM_FILTER, 0, 8, 1, 0, .extra = 15}, 0},
        {{WN_MAP_BLOOM_FILTER, 0, 8, 1, 0, .extra = 16}, -EINVAL},
        {{WN_MAP_BLOOM_FILTER, 0, 8, UINT32_MAX, 0}, 0},
        {{WN_MAP_HASH, 4, 8, 1, 0, .extra = 1}, -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (made(cases[i].opts) != cases[i].result)
            fail_msg("case %zu gives %d", i, made(cases[i].opts));
}

/* ---- Many at once ---------------------------------------------------------------------------- */

enum { MANY = 100 };

static void fill(struct wn_map *map, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(set(map, i, i + 1000, WN_MAP_ANY), 0);
}

/** Go through a map in batches; each key comes once, with its value. */
static void batches_give_all(struct wn_map *map, uint32_t n, uint32_t step, bool take)
{
    bool seen[MANY] = {false};
    uint32_t token = 0, keys[MANY], all = 0;
    uint64_t values[MANY];
    struct wn_map_batch b = {.out = &token, .keys = keys, .values = values, .count = step};
    int r = 0;
    while (r == 0) {
        r = take ? wn_map_lookup_and_delete_batch(map, &b) : wn_map_lookup_batch(map, &b);
        for (uint32_t i = 0; i < b.count; i++) {
            assert_true(keys[i] < n && !seen[keys[i]]);
            assert_int_equal(values[i], keys[i] + 1000);
            seen[keys[i]] = true;
        }
        all += b.count;
        b.in = &token;
        b.count = step;
    }
    assert_int_equal(r, -ENOENT);
    assert_int_equal(all, n);
}

static void batches_go_through_all_elements(void **state)
{
    (void)state;
    struct wn_map *array = map_of((struct wn_map_opts){WN_MAP_ARRAY, 4, 8, MANY, 0});
    struct wn_map *hash = map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8, MANY, 0});
    fill(array, MANY);
    fill(hash, MANY);
    for (uint32_t step = 1; step <= MANY; step += 33)
        batches_give_all(array, MANY, step, false);
    batches_give_all(hash, MANY, 30, false);
    batches_give_all(hash, MANY, MANY, false);
    batches_give_all(hash, MANY, 40, true);
    assert_int_equal(entries(hash), 0);
    batches_give_all(hash, 0, 10, false);
    wn_map_free(array);
    wn_map_free(hash);
}

static void a_bucket_that_does_not_fit_is_said(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8, 2, 0});
    uint32_t token = 0, key;
    uint64_t value;
    int r = 0;
    struct wn_map_batch b = {.out = &token, .keys = &key, .values = &value};
    for (uint32_t i = 0; i < 1000 && r != -ENOSPC; i++) { /* until both are in one bucket */
        wn_map_lookup_and_delete(map, &(uint32_t){i}, &value);
        assert_int_equal(set(map, i + 1, 1, WN_MAP_ANY), 0);
        assert_int_equal(set(map, i + 2, 1, WN_MAP_ANY), 0);
        b.in = NULL;
        for (b.count = 1; (r = wn_map_lookup_batch(map, &b)) == 0; b.count = 1)
            b.in = &token;
    }
    assert_int_equal(r, -ENOSPC);
    assert_int_equal(b.count, 0);
    wn_map_free(map);
}

static void batches_end_with_the_first_that_fails(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8, 3, 0});
    uint32_t keys[] = {1, 2, 3, 4, 5};
    uint64_t values[] = {1, 2, 3, 4, 5};
    struct wn_map_batch b = {.keys = keys, .values = values, .count = 5};
    assert_int_equal(wn_map_update_batch(map, &b), -E2BIG);
    assert_int_equal(b.count, 3);
    b.count = 5;
    b.flags = WN_MAP_NOEXIST;
    assert_int_equal(wn_map_update_batch(map, &b), -EINVAL);
    b = (struct wn_map_batch){.keys = keys + 1, .count = 4};
    assert_int_equal(wn_map_delete_batch(map, &b), -ENOENT);
    assert_int_equal(b.count, 2);
    assert_true(has(map, 1) && entries(map) == 1);
    assert_int_equal(wn_map_freeze(map), 0);
    assert_int_equal(wn_map_delete_batch(map, &b), -EPERM);
    assert_int_equal(wn_map_lookup_and_delete_batch(map, &b), -EPERM);
    wn_map_free(map);
}

static void looking_up_and_deleting_is_one_step(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_HASH, WN_MAP_LRU_HASH, WN_MAP_PERCPU_HASH,
                                             WN_MAP_LRU_PERCPU_HASH};
    for (unsigned t = 0; t < 4; t++) {
        struct wn_map *map = map_of((struct wn_map_opts){types[t], 4, 8, 3, 0, .cpus = 2});
        uint64_t values[2] = {5, 6}, got[2] = {0};
        uint32_t key = 9;
        assert_int_equal(wn_map_update(map, &key, values, WN_MAP_ANY), 0);
        assert_int_equal(wn_map_lookup_and_delete(map, &key, got), 0);
        assert_memory_equal(got, values, t < 2 ? 8 : 16);
        assert_int_equal(wn_map_lookup_and_delete(map, &key, got), -ENOENT);
        assert_int_equal(entries(map), 0);
        wn_map_free(map);
    }
}

static void tables_of_devices_hold_what_was_put(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_DEVMAP, WN_MAP_DEVMAP_HASH, WN_MAP_CPUMAP,
                                             WN_MAP_XSKMAP};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        struct wn_map *map = map_of((struct wn_map_opts){types[t], 4, 4, 4, 0});
        uint32_t key = 2, value = 7, got = 0, none = 0, far = 9;
        bool hash = types[t] == WN_MAP_DEVMAP_HASH,
             zero_is_none = !hash && types[t] != WN_MAP_XSKMAP;
        assert_int_equal(wn_map_lookup(map, &key, &got), -ENOENT);
        assert_null(wn_map_find(map, &key, 0));
        assert_int_equal(wn_map_update(map, &key, &value, WN_MAP_ANY), 0);
        assert_int_equal(entries(map), 1);
        assert_int_equal(wn_map_lookup(map, &key, &got), 0);
        assert_int_equal(got, 7);
        assert_int_equal(*(uint32_t *)wn_map_find(map, &key, 0), 7);
        assert_int_equal(wn_map_update(map, &key, &value, WN_MAP_NOEXIST), -EEXIST);
        assert_int_equal(wn_map_update(map, &key, &value, 3), -EINVAL);
        assert_int_equal(wn_map_put(map, &key, &value, 0, 0), -EPERM); /* programs only look */
        if (!hash)
            assert_int_equal(wn_map_update(map, &far, &value, WN_MAP_ANY), -E2BIG);
        if (zero_is_none)
            assert_int_equal(wn_map_update(map, &key, &none, WN_MAP_ANY), 0);
        else
            assert_int_equal(wn_map_delete(map, &key), 0);
        assert_int_equal(entries(map), 0);
        if (hash)
            assert_int_equal(wn_map_update(map, &key, &none, WN_MAP_ANY), -EINVAL);
        assert_int_equal(wn_map_lookup(map, &key, &got), -ENOENT);
        assert_int_equal(wn_map_delete(map, &key), hash ? -ENOENT : 0);
        wn_map_free(map);
    }
}

static void programs_for_devices_are_not_kept(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_DEVMAP, WN_MAP_DEVMAP_HASH, WN_MAP_CPUMAP};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        struct wn_map *map = map_of((struct wn_map_opts){types[t], 4, 8, 4, 0});
        uint32_t key = 2, value[2] = {7, 9999}, got[2];
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_ANY), -EINVAL);
        value[1] = UINT32_MAX; /* -1: there is none */
        /* A hash table makes what has to be there, as the kernel's does. */
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_EXIST), 0);
        assert_int_equal(wn_map_lookup(map, &key, got), 0);
        assert_int_equal(got[0], 7);
        assert_int_equal(got[1], 0);
        wn_map_free(map);
    }
}

static void tables_of_devices_are_made_as_in_the_kernel(void **state)
{
    (void)state;
    static const struct wn_map_opts wrong[] = {
        {WN_MAP_DEVMAP, 8, 4, 4, 0},       {WN_MAP_DEVMAP, 4, 6, 4, 0},
        {WN_MAP_DEVMAP, 4, 4, 0, 0},       {WN_MAP_DEVMAP, 4, 4, 4, WN_MAP_NO_PREALLOC},
        {WN_MAP_DEVMAP_HASH, 4, 12, 4, 0}, {WN_MAP_CPUMAP, 4, 4, 4, WN_MAP_RDONLY},
        {WN_MAP_XSKMAP, 4, 8, 4, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct wn_map *map = NULL;
        assert_int_equal(wn_map_new(&wrong[i], &map, NULL), -EINVAL);
    }
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_CPUMAP, 4, 8, 4, 0});
    uint32_t key = 0, values[2] = {16385, 0};
    assert_int_equal(wn_map_update(map, &key, values, WN_MAP_ANY), -EOVERFLOW);
    values[0] = 16384, values[1] = 3; /* a program for what arrives there */
    assert_int_equal(wn_map_update(map, &key, values, WN_MAP_ANY), -EINVAL);
    values[1] = UINT32_MAX;
    assert_int_equal(wn_map_update(map, &key, values, WN_MAP_ANY), 0);
    wn_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_is_found),
        cmocka_unit_test(a_prefix_that_goes_uncovers_the_one_it_lies_in),
        cmocka_unit_test(a_trie_has_the_kernels_errors),
        cmocka_unit_test(longer_prefixes_come_first),
        cmocka_unit_test(keys_of_all_lengths_are_compared_to_the_last_bit),
        cmocka_unit_test(queues_and_stacks_differ_in_the_end_that_they_give),
        cmocka_unit_test(what_has_no_keys_takes_none),
        cmocka_unit_test(who_may_not_write_takes_nothing_out),
        cmocka_unit_test(a_filter_never_forgets_and_seldom_errs),
        cmocka_unit_test(without_a_seed_a_filter_errs_as_the_kernels),
        cmocka_unit_test(attributes_are_checked_as_the_kernel_does),
        cmocka_unit_test(batches_go_through_all_elements),
        cmocka_unit_test(a_bucket_that_does_not_fit_is_said),
        cmocka_unit_test(batches_end_with_the_first_that_fails),
        cmocka_unit_test(looking_up_and_deleting_is_one_step),
        cmocka_unit_test(tables_of_devices_hold_what_was_put),
        cmocka_unit_test(programs_for_devices_are_not_kept),
        cmocka_unit_test(tables_of_devices_are_made_as_in_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
