/* SPDX-License-Identifier: MIT */
/** Many threads at one map; under the thread sanitizer also that every step is ordered. */
#include "map/map.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "maps.h"

enum { THREADS = 4, STEPS = 20000, WORDS = 6 };

/** What each thread gets. Wrong things are counted, as only the main thread may assert. */
struct worker {
    pthread_t thread;
    struct wn_map *map;
    uint32_t number;
    uint64_t random;
    struct wn_run *run;
    unsigned wrong;
    atomic_bool *stop; /* for those that go on until the others are done */
};

static uint32_t next_random(struct worker *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 16);
}

/** Run `main` in threads, and `watch` in one more until they are done; nothing may go wrong. */
static void run_threads(struct wn_map *map, void *(*main)(void *), void *(*watch)(void *))
{
    struct worker w[THREADS + 1];
    atomic_bool stop = false;
    for (unsigned i = 0; i <= THREADS; i++) {
        w[i] = (struct worker){
            .map = map, .number = i, .random = 77 + i, .run = wn_run_new(), .stop = &stop};
        assert_non_null(w[i].run);
        assert_int_equal(pthread_create(&w[i].thread, NULL, i < THREADS ? main : watch, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(w[i].thread, NULL);
    atomic_store(&stop, true);
    pthread_join(w[THREADS].thread, NULL);
    for (unsigned i = 0; i <= THREADS; i++) {
        assert_int_equal(w[i].wrong, 0);
        wn_run_free(w[i].run);
    }
}

/** A value that shows where it came from and whether it is whole. */
static void make_value(uint64_t value[WORDS], uint32_t key, uint32_t random)
{
    for (unsigned i = 0; i < WORDS; i++)
        value[i] = ((uint64_t)random << 32 | key) * (i + 1);
}

static bool is_value_of(const uint64_t value[WORDS], uint32_t key)
{
    for (unsigned i = 1; i < WORDS; i++)
        if (value[i] != value[0] * (i + 1))
            return false;
    return (uint32_t)value[0] == key;
}

static void *look_on(void *arg)
{
    (void)arg;
    return NULL;
}

/** As compiled code looks, and as others do. */
static bool finds(struct worker *w, const void *key)
{
    uint64_t map = (uint64_t)(uintptr_t)w->map, at = (uint64_t)(uintptr_t)key;
    if (next_random(w) % 2)
        return wn_map_find(w->map, key, 0);
    return wn_map_finder(w->map)(map, at, 0, 0, 0, w->run) != 0;
}

/** Keys of its own, of which it knows what must be there; and many, so that elements move. */
static void *own_keys(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS], got[WORDS], mine[8][WORDS];
    bool there[8] = {false};
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = next_random(w) % 8, key = w->number * 8 + i;
        switch (next_random(w) % 4) {
        case 0:
            w->wrong += (wn_map_remove(w->map, &key) == 0) != there[i];
            there[i] = false;
            break;
        case 1:
            make_value(value, key, next_random(w));
            w->wrong += wn_map_put(w->map, &key, value, WN_MAP_ANY, 0) != 0;
            memcpy(mine[i], value, sizeof value);
            there[i] = true;
            break;
        case 2: w->wrong += finds(w, &key) != there[i]; break;
        default:
            w->wrong += (wn_map_lookup(w->map, &key, got) == 0) != there[i];
            w->wrong += there[i] && memcmp(got, mine[i], sizeof got) != 0;
        }
    }
    return NULL;
}

/** Look at all of it from outside: whatever is found is whole and belongs to its key. */
static void *watch_all(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    do {
        uint32_t key;
        int limit = 10000;
        for (int r = wn_map_next(w->map, NULL, &key); !r && limit--;
             r = wn_map_next(w->map, &key, &key))
            if (wn_map_lookup(w->map, &key, value) == 0)
                w->wrong += !is_value_of(value, key);
    } while (!atomic_load(w->stop));
    return NULL;
}

static void keys_of_others_do_not_disturb(void **state)
{
    (void)state;
    /* As many entries as keys: the pool is empty at times, and few buckets make long chains. */
    struct wn_map *map =
        map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8 * WORDS, THREADS * 8, 0, .cpus = THREADS});
    run_threads(map, own_keys, watch_all);
    uint32_t key, n = 0;
    for (int r = wn_map_next(map, NULL, &key); !r; r = wn_map_next(map, &key, &key))
        n++;
    assert_int_equal(n, entries(map));
    wn_map_free(map);
}

/* ---- Tries: all prefixes lie in one of no bits, which is always there */

struct prefix {
    uint32_t bits;
    uint8_t data[4];
};

/** Prefix i of a thread; those of all lie beside each other, and within each other from 0 to 7. */
static struct prefix prefix_of(const struct worker *w, uint32_t i)
{
    static const uint8_t bits[8] = {3, 8, 10, 17, 24, 25, 31, 32};
    return (struct prefix){bits[i], {(uint8_t)(w->number << 5), 0, 0, 0}};
}

static uint32_t number_of(const struct prefix *p)
{
    return p->bits ? p->bits << 8 | p->data[0] : 0;
}

/** What must be found is the longest of those that are there. */
static void *own_prefixes(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    bool there[8] = {false};
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = next_random(w) % 8;
        struct prefix key = prefix_of(w, i), all = prefix_of(w, 7), none = {0};
        switch (next_random(w) % 3) {
        case 0:
            w->wrong += (wn_map_remove(w->map, &key) == 0) != there[i];
            there[i] = false;
            break;
        case 1:
            make_value(value, number_of(&key), next_random(w));
            w->wrong += wn_map_put(w->map, &key, value, WN_MAP_ANY, 0) != 0;
            there[i] = true;
            break;
        default:
            for (uint32_t k = 0; k < 8; k++)
                none = there[k] ? prefix_of(w, k) : none;
            w->wrong += wn_map_lookup(w->map, &all, value) != 0;
            w->wrong += !is_value_of(value, number_of(&none));
            w->wrong += !finds(w, &all);
        }
    }
    return NULL;
}

/** Go through the trie, and look up what nobody else has. */
static void *watch_prefixes(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    do {
        struct prefix key, other = {32, {0xff, 1, 2, 3}};
        int limit = 1000;
        for (int r = wn_map_next(w->map, NULL, &key); !r && limit--;
             r = wn_map_next(w->map, &key, &key))
            w->wrong += wn_map_lookup(w->map, &key, value) != 0;
        make_value(value, 0, next_random(w));
        w->wrong += wn_map_put(w->map, &(struct prefix){0}, value, WN_MAP_EXIST, 0) != 0;
        w->wrong += wn_map_lookup(w->map, &other, value) != 0 || !is_value_of(value, 0);
    } while (!atomic_load(w->stop));
    return NULL;
}

static void prefixes_of_others_do_not_disturb(void **state)
{
    (void)state;
    struct wn_map *map = map_of(
        (struct wn_map_opts){WN_MAP_LPM_TRIE, 8, 8 * WORDS, 8 * THREADS + 1, WN_MAP_NO_PREALLOC});
    uint64_t value[WORDS];
    make_value(value, 0, 0);
    assert_int_equal(wn_map_update(map, &(struct prefix){0}, value, WN_MAP_ANY), 0);
    run_threads(map, own_prefixes, watch_prefixes);
    wn_map_free(map);
}

/* ---- Queues and filters */

static _Atomic uint64_t put_in, taken_out;

static void *push_and_pop(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    for (int step = 0; step < STEPS; step++) {
        uint32_t random = next_random(w);
        make_value(value, w->number, random);
        if (random % 2 && wn_map_put_last(w->map, value, WN_MAP_ANY) == 0)
            put_in += value[0];
        else if (wn_map_get_next(w->map, value, true) == 0) {
            taken_out += value[0];
            w->wrong += (uint32_t)value[0] >= THREADS || !is_value_of(value, (uint32_t)value[0]);
        }
    }
    return NULL;
}

static void *peek(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    do
        if (wn_map_get_next(w->map, value, false) == 0)
            w->wrong += !is_value_of(value, (uint32_t)value[0]);
    while (!atomic_load(w->stop));
    return NULL;
}

static void queues_lose_nothing(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_QUEUE, WN_MAP_STACK};
    for (unsigned t = 0; t < 2; t++) {
        struct wn_map *map = map_of((struct wn_map_opts){types[t], 0, 8 * WORDS, 10, 0});
        uint64_t value[WORDS];
        put_in = taken_out = 0;
        run_threads(map, push_and_pop, peek);
        while (wn_map_pop(map, value) == 0)
            taken_out += value[0];
        assert_int_equal(put_in, taken_out);
        wn_map_free(map);
    }
}

static void *remember(void *arg)
{
    struct worker *w = arg;
    for (uint32_t i = 0; i < STEPS / 10; i++) {
        uint64_t value = (uint64_t)w->number << 32 | i;
        w->wrong += wn_map_put_last(w->map, &value, WN_MAP_ANY) != 0;
        value -= next_random(w) % (i + 1);
        w->wrong += wn_map_get_next(w->map, &value, false) != 0;
    }
    return NULL;
}

static void filters_forget_nothing(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_BLOOM_FILTER, 0, 8, 500, 0});
    run_threads(map, remember, look_on);
    wn_map_free(map);
}

/* ---- One key that is always there, replaced all the time */

static void *replace_one(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    for (int step = 0; step < STEPS; step++) {
        uint32_t key = 5, other = 100 + next_random(w) % 4;
        make_value(value, key, next_random(w));
        w->wrong += wn_map_put(w->map, &key, value, WN_MAP_EXIST, 0) != 0;
        w->wrong += wn_map_find(w->map, &key, 0) == NULL;
        make_value(value, other, next_random(w));
        wn_map_put(w->map, &other, value, WN_MAP_ANY, 0);
        wn_map_remove(w->map, &other);
    }
    return NULL;
}

static void *never_missing(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    uint32_t key = 5;
    do {
        w->wrong += wn_map_find(w->map, &key, 0) == NULL;
        w->wrong += wn_map_lookup(w->map, &key, value) != 0 || !is_value_of(value, key);
    } while (!atomic_load(w->stop));
    return NULL;
}

static void a_key_that_is_replaced_is_never_missing(void **state)
{
    (void)state;
    struct wn_map *map =
        map_of((struct wn_map_opts){WN_MAP_HASH, 4, 8 * WORDS, 5, 0, .cpus = THREADS});
    uint64_t value[WORDS];
    uint32_t key = 5;
    make_value(value, key, 0);
    assert_int_equal(wn_map_update(map, &key, value, WN_MAP_ANY), 0);
    run_threads(map, replace_one, never_missing);
    wn_map_free(map);
}

/** More keys than there is room for. */
static void *overflow(void *arg)
{
    struct worker *w = arg;
    uint64_t value[WORDS];
    for (int step = 0; step < STEPS; step++) {
        uint32_t key = next_random(w) % 64;
        make_value(value, key, next_random(w));
        w->wrong += wn_map_put(w->map, &key, value, WN_MAP_ANY, 0) != 0;
        wn_map_find(w->map, &key, 0);
        key = next_random(w) % 64;
        if (step % 8 == 0)
            wn_map_remove(w->map, &key);
        if (wn_map_lookup(w->map, &key, value) == 0)
            w->wrong += !is_value_of(value, key);
    }
    return NULL;
}

static void an_lru_map_always_finds_room(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 16; size *= 4) {
        struct wn_map *map =
            map_of((struct wn_map_opts){WN_MAP_LRU_HASH, 4, 8 * WORDS, size, 0, .cpus = THREADS});
        run_threads(map, overflow, watch_all);
        uint32_t key, n = 0;
        for (int r = wn_map_next(map, NULL, &key); !r; r = wn_map_next(map, &key, &key))
            n++;
        assert_int_equal(n, entries(map));
        assert_true(n <= size);
        wn_map_free(map);
    }
}

/** Each thread counts on its own CPU; the embedder reads meanwhile. */
static void *count_own(void *arg)
{
    struct worker *w = arg;
    for (int step = 0; step < STEPS; step++) {
        uint32_t key = next_random(w) % 8;
        uint64_t *value = wn_map_find(w->map, &key, w->number);
        if (value)
            __atomic_store_n(value, *value + 1, __ATOMIC_RELAXED);
        else
            w->wrong++;
    }
    return NULL;
}

static void *add_up(void *arg)
{
    struct worker *w = arg;
    uint64_t before = 0;
    do {
        uint64_t sum = 0, values[THREADS];
        for (uint32_t key = 0; key < 8; key++) {
            w->wrong += wn_map_lookup(w->map, &key, values) != 0;
            for (unsigned c = 0; c < THREADS; c++)
                sum += values[c];
        }
        w->wrong += sum < before;
        before = sum;
    } while (!atomic_load(w->stop));
    return NULL;
}

static void counts_per_cpu_lose_nothing(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_PERCPU_ARRAY, WN_MAP_PERCPU_HASH};
    for (unsigned t = 0; t < 2; t++) {
        struct wn_map *map = map_of((struct wn_map_opts){types[t], 4, 8, 8, 0, .cpus = THREADS});
        uint64_t sum = 0, values[THREADS] = {0};
        for (uint32_t key = 0; key < 8; key++)
            assert_int_equal(wn_map_update(map, &key, values, WN_MAP_ANY), 0);
        run_threads(map, count_own, add_up);
        for (uint32_t key = 0; key < 8; key++) {
            assert_int_equal(wn_map_lookup(map, &key, values), 0);
            for (unsigned c = 0; c < THREADS; c++)
                sum += values[c];
        }
        assert_int_equal(sum, THREADS * STEPS);
        wn_map_free(map);
    }
}

/** Programs in an array: held while anyone may still be at them. */
struct program {
    atomic_int held;
};

static void hold_program(void *p)
{
    atomic_fetch_add(&((struct program *)p)->held, 1);
}

static void drop_program(void *p)
{
    atomic_fetch_sub(&((struct program *)p)->held, 1);
}

static void *swap_programs(void *arg)
{
    static struct program programs[8];
    static const struct wn_map_owner owner = {hold_program, drop_program};
    struct worker *w = arg;
    for (int step = 0; step < STEPS; step++) {
        uint32_t key = next_random(w) % 4;
        if (step % 4)
            w->wrong += wn_map_set_owned(w->map, key, &programs[next_random(w) % 8], &owner) != 0;
        else
            wn_map_delete(w->map, &key);
    }
    return NULL;
}

static void *call_programs(void *arg)
{
    struct worker *w = arg;
    do {
        for (uint32_t i = 0; i < 4; i++) {
            struct program *p = wn_map_prog(w->map, i);
            w->wrong += p && atomic_load(&p->held) <= 0;
        }
    } while (!atomic_load(w->stop));
    return NULL;
}

static void programs_stay_held_while_others_replace_them(void **state)
{
    (void)state;
    struct wn_map *map = map_of((struct wn_map_opts){WN_MAP_PROG_ARRAY, 4, 4, 4, 0});
    run_threads(map, swap_programs, call_programs);
    wn_map_free(map);
}

static void *freeze_in_between(void *arg)
{
    struct worker *w = arg;
    uint32_t key = 0;
    uint64_t value = 1;
    for (int step = 0; step < STEPS; step++) {
        if (step == STEPS / 2)
            wn_map_freeze(w->map); /* or one of the others does */
        wn_map_update(w->map, &key, &value, WN_MAP_ANY);
    }
    return NULL;
}

static void a_map_freezes_between_writes(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) { /* a write to frozen pages would end the test */
        struct wn_map *map =
            map_of((struct wn_map_opts){WN_MAP_ARRAY, 4, 8, 1, WN_MAP_RDONLY_PROG});
        run_threads(map, freeze_in_between, look_on);
        wn_map_free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_others_do_not_disturb),
        cmocka_unit_test(a_key_that_is_replaced_is_never_missing),
        cmocka_unit_test(an_lru_map_always_finds_room),
        cmocka_unit_test(counts_per_cpu_lose_nothing),
        cmocka_unit_test(programs_stay_held_while_others_replace_them),
        cmocka_unit_test(a_map_freezes_between_writes),
        cmocka_unit_test(prefixes_of_others_do_not_disturb),
        cmocka_unit_test(queues_lose_nothing),
        cmocka_unit_test(filters_forget_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
