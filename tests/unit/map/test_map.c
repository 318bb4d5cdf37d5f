/* SPDX-License-Identifier: MIT */
#include "map/map.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "maps.h"

#define HASH(entries)  ((struct wn_map_opts){WN_MAP_HASH, 4, 8, entries, 0})
#define ARRAY(entries) ((struct wn_map_opts){WN_MAP_ARRAY, 4, 8, entries, 0})

/* ---- Attributes ------------------------------------------------------------------------------ */

static void attributes_the_kernel_refuses_are_refused(void **state)
{
    (void)state;
    static const struct wn_map_opts of_numbers = {WN_MAP_ARRAY, 4, 8, 4, 0},
                                    of_programs = {WN_MAP_PROG_ARRAY, 4, 4, 4, 0},
                                    of_maps = {WN_MAP_ARRAY_OF_MAPS, 4, 4, 4, 0,
                                               .inner = &of_numbers};
    static const struct {
        struct wn_map_opts opts;
        int result;
    } cases[] = {
        {{WN_MAP_ARRAY, 4, 8, 0, 0}, -EINVAL},
        {{WN_MAP_ARRAY, 3, 8, 1, 0}, -EINVAL},
        {{WN_MAP_ARRAY, 4, 0, 1, 0}, -EINVAL},
        {{WN_MAP_ARRAY, 4, 8, 1, WN_MAP_NO_PREALLOC}, -EINVAL},
        {{WN_MAP_ARRAY, 4, 8, 1, WN_MAP_RDONLY | WN_MAP_WRONLY}, -EINVAL},
        {{WN_MAP_ARRAY, 4, 8, 1, WN_MAP_RDONLY_PROG | WN_MAP_WRONLY_PROG}, -EINVAL},
        {{WN_MAP_ARRAY, 4, 8, 1, WN_MAP_MMAPABLE | WN_MAP_INNER_MAP | WN_MAP_NUMA_NODE}, 0},
        {{WN_MAP_ARRAY, 4, INT_MAX, 1, 0, .max_bytes = UINT64_C(1) << 40}, 0},
        {{WN_MAP_ARRAY, 4, INT_MAX + 1u, 1, 0}, -E2BIG},
        {{WN_MAP_PERCPU_ARRAY, 4, 32768, 1, 0}, 0},
        {{WN_MAP_PERCPU_ARRAY, 4, 32769, 1, 0}, -E2BIG},
        {{WN_MAP_PERCPU_ARRAY, 4, 8, 1, WN_MAP_MMAPABLE}, -EINVAL},
        {{WN_MAP_PERCPU_ARRAY, 4, 8, 1, WN_MAP_NUMA_NODE}, -EINVAL},
        {{WN_MAP_HASH, 0, 8, 1, 0}, -EINVAL},
        {{WN_MAP_HASH, 4, 0, 1, 0}, -EINVAL},
        {{WN_MAP_HASH, 4, 8, 0, 0}, -EINVAL},
        {{WN_MAP_HASH, 4, 8, 1, WN_MAP_NO_COMMON_LRU}, -EINVAL},
        {{WN_MAP_HASH, 4, 8, 1, WN_MAP_MMAPABLE}, -EINVAL},
        {{WN_MAP_HASH, 4, 8, 1, 1u << 31}, -EINVAL},
        {{WN_MAP_HASH, 1, 1, 1, WN_MAP_NO_PREALLOC | WN_MAP_ZERO_SEED | WN_MAP_NUMA_NODE}, 0},
        {{WN_MAP_HASH, 56, (1 << 22) - 48 - 57, 1, 0}, 0},
        {{WN_MAP_HASH, 56, (1 << 22) - 48 - 56, 1, 0}, -E2BIG},
        {{WN_MAP_HASH, UINT32_MAX, UINT32_MAX, 1, 0}, -E2BIG},
        {{WN_MAP_HASH, 4, 8, (1u << 27) + 1, 0}, -E2BIG},
        {{WN_MAP_PERCPU_HASH, 4, 32768, 1, 0}, 0},
        {{WN_MAP_PERCPU_HASH, 4, 32769, 1, 0}, -E2BIG},
        {{WN_MAP_PERCPU_HASH, 4, 8, 1, WN_MAP_NUMA_NODE}, -EINVAL},
        {{WN_MAP_LRU_HASH, 4, 8, 1, WN_MAP_NO_PREALLOC}, -WN_ENOTSUPP},
        {{WN_MAP_LRU_HASH, 4, 8, 1, WN_MAP_NO_COMMON_LRU}, 0},
        {{WN_MAP_LRU_HASH, 4, 8, 1, WN_MAP_NO_COMMON_LRU | WN_MAP_NUMA_NODE}, -EINVAL},
        {{WN_MAP_LRU_PERCPU_HASH, 4, 8, 1, 0}, 0},
        {{(enum wn_map_type)0, 4, 8, 1, 0}, WN_E_UNSUPPORTED},
        {{(enum wn_map_type)15, 4, 8, 1, 0}, WN_E_UNSUPPORTED},
        {{WN_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0}, 0},
        {{WN_MAP_PERF_EVENT_ARRAY, 4, 8, 1, 0}, -EINVAL},
        {{WN_MAP_PERF_EVENT_ARRAY, 4, 4, 1, WN_MAP_RDONLY_PROG}, -EINVAL},
        {{WN_MAP_ARRAY_OF_MAPS, 4, 4, 1, 0}, -EINVAL}, /* of what */
        {{WN_MAP_HASH_OF_MAPS, 4, 8, 1, 0, .inner = &of_numbers}, -EINVAL},
        {{WN_MAP_HASH_OF_MAPS, 4, 4, 1, 0, .inner = &of_numbers}, 0},
        {{WN_MAP_ARRAY_OF_MAPS, 4, 4, 1, 0, .inner = &of_numbers}, 0},
        {{WN_MAP_ARRAY_OF_MAPS, 4, 4, 1, 0, .inner = &of_programs}, -WN_ENOTSUPP},
        {{WN_MAP_ARRAY_OF_MAPS, 4, 4, 1, 0, .inner = &of_maps}, -EINVAL},
        {{(enum wn_map_type)1000, 4, 8, 1, 0}, WN_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (made(cases[i].opts) != cases[i].result)
            fail_msg("case %zu: %d", i, made(cases[i].opts));
}

static void absurd_sizes_are_refused_before_anything_is_allocated(void **state)
{
    (void)state;
    struct wn_map *map = NULL;
    struct wn_error err;
    struct wn_map_opts all = {WN_MAP_ARRAY, 4, INT_MAX, UINT32_MAX, 0, .name = "all"};
    assert_int_equal(wn_map_new(&all, &map, &err), WN_E_LIMIT);
    assert_non_null(strstr(err.text, "'all'"));
    assert_non_null(strstr(err.text, "1024 MiB"));
    all = (struct wn_map_opts){WN_MAP_PERCPU_HASH, 4000000, 32768, 1u << 27, 0, .cpus = UINT32_MAX};
    assert_int_equal(wn_map_new(&all, &map, &err), WN_E_LIMIT);
    all.max_bytes = UINT64_MAX;
    assert_int_equal(wn_map_new(&all, &map, &err), WN_E_LIMIT);
    all = (struct wn_map_opts){WN_MAP_PERCPU_ARRAY, 4, 32768, UINT32_MAX, 0, .cpus = UINT32_MAX};
    assert_int_equal(wn_map_new(&all, &map, &err), WN_E_LIMIT);
    assert_null(map);
}

static void the_limit_is_exact(void **state)
{
    (void)state;
    struct wn_map_opts opts = ARRAY(100);
    opts.max_bytes = 800;
    assert_int_equal(made(opts), 0);
    opts.max_bytes = 799;
    assert_int_equal(made(opts), WN_E_LIMIT);
}

static void info_says_what_was_made(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){
        WN_MAP_LRU_PERCPU_HASH, 5, 9, 10, WN_MAP_NO_COMMON_LRU, .cpus = 4, .name = "flows"});
    struct wn_map_info info;
    wn_map_info(map, &info);
    assert_int_equal(info.type, WN_MAP_LRU_PERCPU_HASH);
    assert_int_equal(info.key_bytes, 5);
    assert_int_equal(info.value_bytes, 9);
    assert_int_equal(info.max_entries, 12); /* each CPU has as many */
    assert_int_equal(info.cpus, 4);
    assert_int_equal(info.lookup_bytes, 4 * 16);
    assert_int_equal(info.flags, WN_MAP_NO_COMMON_LRU);
    assert_string_equal(info.name, "flows");
    assert_string_equal(wn_map_type_name(info.type), "lru_percpu_hash");
    assert_false(info.frozen);
    wn_map_free(map);
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

static void an_array_has_all_its_elements_always(void **state)
{
    (void)state;
    struct wn_map *map = map_of(ARRAY(3));
    uint32_t past = 3;
    uint64_t value = 1;
    assert_int_equal(value_of(map, 2), 0);
    assert_int_equal(set(map, 2, 7, WN_MAP_ANY), 0);
    assert_int_equal(set(map, 2, 8, WN_MAP_EXIST), 0);
    assert_int_equal(value_of(map, 2), 8);
    assert_int_equal(value_of(map, 1), 0);
    assert_int_equal(set(map, 2, 9, WN_MAP_NOEXIST), -EEXIST);
    assert_int_equal(set(map, 3, 9, WN_MAP_NOEXIST), -E2BIG);
    assert_int_equal(set(map, 2, 9, 3), -EINVAL);
    assert_int_equal(set(map, 2, 9, 4), -EINVAL); /* BPF_F_LOCK: there are no locks in values */
    assert_int_equal(set(map, 2, 9, UINT64_C(1) << 32), -EINVAL);
    assert_int_equal(wn_map_delete(map, &past), -EINVAL);
    assert_int_equal(wn_map_lookup(map, &past, &value), -ENOENT);
    assert_null(wn_map_find(map, &past, 0));
    assert_int_equal(entries(map), 3);
    wn_map_free(map);
}

static void keys_of_an_array_come_in_order(void **state)
{
    (void)state;
    struct wn_map *map = map_of(ARRAY(3));
    uint32_t key = 77;
    assert_int_equal(wn_map_next(map, &key, &key), 0);
    assert_int_equal(key, 0);
    assert_int_equal(wn_map_next(map, &key, &key), 0);
    assert_int_equal(wn_map_next(map, &key, &key), 0);
    assert_int_equal(key, 2);
    assert_int_equal(wn_map_next(map, &key, &key), -ENOENT);
    assert_int_equal(wn_map_next(map, NULL, &key), 0);
    assert_int_equal(key, 0);
    wn_map_free(map);
}

/* ---- Hashes ---------------------------------------------------------------------------------- */

static void a_hash_holds_max_entries_and_no_more(void **state)
{
    (void)state;
    struct wn_map *map = map_of(HASH(5));
    for (int round = 0; round < 3; round++) {
        for (uint32_t k = 0; k < 5; k++)
            assert_int_equal(set(map, k, k + 100, WN_MAP_NOEXIST), 0);
        assert_int_equal(set(map, 5, 1, WN_MAP_ANY), -E2BIG);
        assert_int_equal(set(map, 4, 1, WN_MAP_NOEXIST), -EEXIST);
        assert_int_equal(set(map, 5, 1, WN_MAP_EXIST), -ENOENT);
        assert_int_equal(set(map, 5, 1, 3), -EINVAL);
        for (int again = 0; again < 10; again++) /* also full, a value can be replaced */
            for (uint32_t k = 0; k < 5; k++)
                assert_int_equal(set(map, k, k + 200, WN_MAP_EXIST), 0);
        assert_int_equal(entries(map), 5);
        for (uint32_t k = 0; k < 5; k++) {
            assert_int_equal(value_of(map, k), k + 200);
            assert_int_equal(wn_map_delete(map, &k), 0);
            assert_int_equal(wn_map_delete(map, &k), -ENOENT);
            assert_false(has(map, k));
        }
        assert_int_equal(entries(map), 0);
    }
    wn_map_free(map);
}

static void keys_of_any_length_are_told_apart(void **state)
{
    (void)state;
    for (uint32_t bytes = 1; bytes <= 40; bytes++) {
        struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_HASH, bytes, 1, 100, 0});
        uint8_t room[48] = {0};
        uint8_t *key = room + 1; /* aligned to nothing */
        for (uint32_t i = 0; i < bytes; i++) {
            uint8_t value = (uint8_t)i;
            key[i] = 0x80;
            assert_int_equal(wn_map_update(map, key, &value, WN_MAP_NOEXIST), 0);
            key[i] = 0;
        }
        for (uint32_t i = 0; i < bytes; i++) {
            uint8_t value = 0xff;
            key[i] = 0x80;
            key[bytes] = (uint8_t)i; /* what follows is none of the key */
            assert_int_equal(wn_map_lookup(map, key, &value), 0);
            assert_int_equal(value, i);
            assert_int_equal(*(uint8_t *)wn_map_find(map, key, 0), i);
            key[i] = key[bytes] = 0;
        }
        assert_int_equal(wn_map_lookup(map, key, room), -ENOENT);
        wn_map_free(map);
    }
}

static void each_key_comes_once(void **state)
{
    (void)state;
    struct wn_map *map = map_of(HASH(1000));
    for (uint32_t k = 0; k < 1000; k++)
        assert_int_equal(set(map, k * 7, k, WN_MAP_ANY), 0);
    bool seen[1000] = {false};
    uint32_t key, n = 0;
    for (int r = wn_map_next(map, NULL, &key); !r; r = wn_map_next(map, &key, &key), n++) {
        assert_true(key % 7 == 0 && key / 7 < 1000 && !seen[key / 7]);
        seen[key / 7] = true;
    }
    assert_int_equal(n, 1000);
    uint32_t absent = 1, first;
    assert_int_equal(wn_map_next(map, NULL, &first), 0);
    assert_int_equal(wn_map_next(map, &absent, &key), 0); /* the first */
    assert_int_equal(key, first);
    wn_map_free(map);
}

static void a_pointer_keeps_the_value_it_was_got_for(void **state)
{
    (void)state;
    struct wn_map *map = map_of(HASH(4));
    uint32_t key = 1;
    assert_int_equal(set(map, key, 10, WN_MAP_ANY), 0);
    uint64_t *old = wn_map_find(map, &key, 0);
    assert_int_equal(set(map, key, 20, WN_MAP_ANY), 0);
    assert_int_equal(*old, 10);
    assert_int_equal(wn_map_delete(map, &key), 0);
    *old += 1; /* nobody's, but the map's still */
    assert_null(wn_map_find(map, &key, 0));
    wn_map_free(map);
}

static void a_hash_without_seed_has_the_same_order_always(void **state)
{
    (void)state;
    struct wn_map_opts opts = HASH(64);
    opts.flags = WN_MAP_ZERO_SEED;
    struct wn_map *a = map_of(opts), *b = map_of(opts), *c = map_of(HASH(64));
    bool differs = false;
    for (uint32_t k = 0; k < 64; k++)
        assert_int_equal(set(a, k, 0, 0) | set(b, k, 0, 0) | set(c, k, 0, 0), 0);
    uint32_t at = 1000, bt = 1000, ct = 1000;
    while (wn_map_next(a, &at, &at) == 0) {
        assert_int_equal(wn_map_next(b, &bt, &bt), 0);
        assert_int_equal(at, bt);
        assert_int_equal(wn_map_next(c, &ct, &ct), 0);
        differs |= at != ct;
    }
    assert_true(differs); /* one chance in 64! */
    wn_map_free(a);
    wn_map_free(b);
    wn_map_free(c);
}

/* ---- Permissions ----------------------------------------------------------------------------- */

static void flags_say_who_may_read_and_write(void **state)
{
    (void)state;
    uint32_t key = 0;
    uint64_t value = 1;
    struct wn_map_opts opts = ARRAY(2);
    opts.flags = WN_MAP_RDONLY;
    struct wn_map *map = map_of(opts);
    assert_int_equal(set(map, 0, 1, 0), -EPERM);
    assert_int_equal(wn_map_delete(map, &key), -EPERM);
    assert_int_equal(wn_map_freeze(map), -EPERM);
    assert_int_equal(wn_map_lookup(map, &key, &value), 0);
    assert_int_equal(wn_map_put(map, &key, &value, 0, 0), 0);
    wn_map_free(map);
    opts.flags = WN_MAP_WRONLY;
    map = map_of(opts);
    assert_int_equal(wn_map_lookup(map, &key, &value), -EPERM);
    assert_int_equal(wn_map_lookup_cpu(map, &key, 0, &value), -EPERM);
    assert_int_equal(wn_map_next(map, NULL, &key), -EPERM);
    assert_int_equal(set(map, 0, 1, 0), 0);
    wn_map_free(map);
    opts = HASH(2);
    opts.flags = WN_MAP_RDONLY_PROG;
    map = map_of(opts);
    assert_int_equal(wn_map_put(map, &key, &value, 0, 0), -EPERM);
    assert_int_equal(wn_map_remove(map, &key), -EPERM);
    assert_int_equal(set(map, 0, 1, 0), 0);
    wn_map_free(map);
}

static void what_is_frozen_is_for_programs_to_write(void **state)
{
    (void)state;
    struct wn_map *map = map_of(HASH(2));
    uint32_t key = 1;
    uint64_t value = 2;
    assert_int_equal(set(map, 1, 1, 0), 0);
    assert_int_equal(wn_map_freeze(map), 0);
    assert_int_equal(wn_map_freeze(map), -EPERM);
    assert_int_equal(set(map, 1, 1, 0), -EPERM);
    assert_int_equal(wn_map_delete(map, &key), -EPERM);
    assert_int_equal(wn_map_put(map, &key, &value, 0, 0), 0);
    assert_int_equal(value_of(map, 1), 2);
    struct wn_map_info info;
    wn_map_info(map, &info);
    assert_true(info.frozen);
    wn_map_free(map);
}

static void constants_can_be_read(void **state)
{
    (void)state;
    struct wn_map_opts opts = ARRAY(1);
    opts.flags = WN_MAP_RDONLY_PROG;
    struct wn_map *map = map_of(opts);
    uint32_t key = 0;
    assert_int_equal(set(map, 0, 5, 0), 0);
    assert_int_equal(wn_map_freeze(map), 0);
    assert_int_equal(value_of(map, 0), 5);
    assert_int_equal(*(uint64_t *)wn_map_find(map, &key, 0), 5);
    wn_map_free(map);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void each_cpu_has_a_value(struct wn_map_opts opts)
{
    struct wn_map *map = map_of(opts);
    uint32_t key = 1;
    uint8_t all[4][16], one[16], expected[4][16] = {{0}};
    memset(one, 0xaa, sizeof one);
    assert_int_equal(wn_map_put(map, &key, one, 0, 2), 0);
    memcpy(expected[2], one, opts.value_bytes);
    assert_int_equal(wn_map_lookup(map, &key, all), 0);
    assert_memory_equal(all, expected, sizeof all);
    for (unsigned c = 0; c < 4; c++)
        memset(expected[c], (int)c + 1, sizeof *expected);
    assert_int_equal(wn_map_update(map, &key, expected, WN_MAP_EXIST), 0);
    for (uint32_t c = 0; c < 4; c++) {
        uint8_t *live = wn_map_find(map, &key, c);
        assert_memory_equal(live, expected[c], opts.value_bytes);
        live[3]++;
        expected[c][3]++;
        memset(one, 0, sizeof one);
        assert_int_equal(wn_map_lookup_cpu(map, &key, c, one), 0);
        assert_memory_equal(one, expected[c], opts.value_bytes);
    }
    assert_int_equal(wn_map_lookup(map, &key, all), 0);
    assert_memory_equal(all, expected, sizeof all);
    assert_null(wn_map_find(map, &key, 4));
    assert_int_equal(wn_map_put(map, &key, one, 0, 4), -EINVAL);
    assert_int_equal(wn_map_lookup_cpu(map, &key, 4, one), -EINVAL);
    wn_map_free(map);
}

static void values_per_cpu_are_apart(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_PERCPU_ARRAY, WN_MAP_PERCPU_HASH,
                                             WN_MAP_LRU_PERCPU_HASH};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        each_cpu_has_a_value((struct wn_map_opts){types[i], 4, 12, 3, 0, .cpus = 4});
}

static void a_key_made_again_is_zero_for_other_cpus(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_PERCPU_HASH, 4, 8, 1, 0, .cpus = 2});
    uint32_t key = 1;
    uint64_t both[2] = {5, 6}, one = 7;
    assert_int_equal(wn_map_update(map, &key, both, 0), 0);
    assert_int_equal(wn_map_delete(map, &key), 0);
    assert_int_equal(wn_map_put(map, &key, &one, 0, 1), 0);
    assert_int_equal(wn_map_lookup(map, &key, both), 0);
    assert_int_equal(both[0], 0);
    assert_int_equal(both[1], 7);
    wn_map_free(map);
}

/* ---- LRU ------------------------------------------------------------------------------------- */

static void an_lru_map_evicts_what_is_not_used(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_LRU_HASH, 4, 8, 8, 0});
    for (uint32_t k = 0; k < 8; k++)
        assert_int_equal(set(map, k, k, WN_MAP_ANY), 0);
    for (uint32_t k = 100; k < 1000; k++) {
        for (uint32_t kept = 0; kept < 4; kept++)
            assert_non_null(wn_map_find(map, &kept, 0));
        assert_int_equal(set(map, k, k, WN_MAP_NOEXIST), 0);
        assert_int_equal(entries(map), 8);
        assert_int_equal(value_of(map, k), k);
    }
    for (uint32_t k = 4; k < 8; k++)
        assert_false(has(map, k));
    wn_map_free(map);
}

static void looking_from_outside_is_no_use(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_LRU_HASH, 4, 8, 2, 0});
    assert_int_equal(set(map, 1, 1, 0) | set(map, 2, 2, 0), 0);
    uint32_t two = 2;
    assert_true(has(map, 1));
    assert_non_null(wn_map_find(map, &two, 0));
    assert_int_equal(set(map, 3, 3, 0), 0);
    assert_false(has(map, 1));
    assert_true(has(map, 2));
    wn_map_free(map);
}

static void an_lru_map_of_one_element_works(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_LRU_HASH, 4, 8, 1, 0});
    for (uint32_t k = 0; k < 100; k++) {
        assert_int_equal(set(map, k, k, WN_MAP_ANY), 0);
        assert_int_equal(set(map, k, k + 1, WN_MAP_EXIST), 0);
        assert_non_null(wn_map_find(map, &k, 0));
        assert_int_equal(entries(map), 1);
    }
    wn_map_free(map);
}

/* ---- Guards ---------------------------------------------------------------------------------- */

/** Every value a program can get lies within reach, and the byte before and behind does not. */
static void reach_is_values(struct wn_map_opts opts)
{
    struct wn_map *map = map_of(opts);
    struct wn_run *run = wn_run_new();
    struct wn_region region;
    assert_non_null(run);
    wn_map_values(map, &region);
    run->regions = &region;
    run->n_regions = 1;
    bool hash = opts.type != WN_MAP_ARRAY && opts.type != WN_MAP_PERCPU_ARRAY;
    uint8_t values[8 * 16] = {0};
    for (uint32_t k = 0; k < opts.max_entries; k++) {
        if (hash)
            assert_int_equal(wn_map_update(map, &k, values, 0), 0);
        for (uint32_t c = 0; c < (opts.cpus ? opts.cpus : 1); c++) {
            uint64_t at = (uint64_t)(uintptr_t)wn_map_find(map, &k, c);
            assert_true(at % 8 == 0);
            assert_true(wn_run_holds(run, at, opts.value_bytes, true));
            assert_false(wn_run_holds(run, at - 1, 1, false));
            assert_false(wn_run_holds(run, at, opts.value_bytes + 1, false));
            assert_false(wn_run_holds(run, at + opts.value_bytes, 1, false));
        }
    }
    wn_run_free(run);
    wn_map_free(map);
}

static void programs_reach_values_and_nothing_else(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_ARRAY,       WN_MAP_HASH,
                                             WN_MAP_LRU_HASH,    WN_MAP_PERCPU_ARRAY,
                                             WN_MAP_PERCPU_HASH, WN_MAP_LRU_PERCPU_HASH};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (uint32_t bytes = 1; bytes <= 15; bytes++)
            if (bytes % 8) /* else the next value follows at once */
                reach_is_values(
                    (struct wn_map_opts){types[i], 4, bytes, 9, 0, .cpus = i >= 3 ? 3 : 0});
}

static void reach_has_the_flags(void **state)
{
    (void)state;
    struct wn_region region;
    struct wn_map_opts opts = ARRAY(1);
    opts.flags = WN_MAP_RDONLY_PROG;
    struct wn_map *map = map_of(opts);
    wn_map_values(map, &region);
    assert_true(!region.writable && !region.unreadable);
    wn_map_free(map);
    opts.flags = WN_MAP_WRONLY_PROG;
    map = map_of(opts);
    wn_map_values(map, &region);
    assert_true(region.writable && region.unreadable);
    wn_map_free(map);
}

static void the_last_owner_frees(void **state)
{
    (void)state;
    struct wn_map *map = map_of(HASH(1));
    assert_ptr_equal(wn_map_ref(map), map);
    wn_map_free(map);
    assert_int_equal(set(map, 1, 1, 0), 0);
    wn_map_free(map);
    wn_map_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_the_kernel_refuses_are_refused),
        cmocka_unit_test(absurd_sizes_are_refused_before_anything_is_allocated),
        cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(info_says_what_was_made),
        cmocka_unit_test(an_array_has_all_its_elements_always),
        cmocka_unit_test(keys_of_an_array_come_in_order),
        cmocka_unit_test(a_hash_holds_max_entries_and_no_more),
        cmocka_unit_test(keys_of_any_length_are_told_apart),
        cmocka_unit_test(each_key_comes_once),
        cmocka_unit_test(a_pointer_keeps_the_value_it_was_got_for),
        cmocka_unit_test(a_hash_without_seed_has_the_same_order_always),
        cmocka_unit_test(flags_say_who_may_read_and_write),
        cmocka_unit_test(what_is_frozen_is_for_programs_to_write),
        cmocka_unit_test(constants_can_be_read),
        cmocka_unit_test(values_per_cpu_are_apart),
        cmocka_unit_test(a_key_made_again_is_zero_for_other_cpus),
        cmocka_unit_test(an_lru_map_evicts_what_is_not_used),
        cmocka_unit_test(looking_from_outside_is_no_use),
        cmocka_unit_test(an_lru_map_of_one_element_works),
        cmocka_unit_test(programs_reach_values_and_nothing_else),
        cmocka_unit_test(reach_has_the_flags),
        cmocka_unit_test(the_last_owner_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
