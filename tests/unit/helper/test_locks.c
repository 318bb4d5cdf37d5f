/* SPDX-License-Identifier: MIT */
/** Locks in values. */
#include "../engines.h"

#include <errno.h>
#include <pthread.h>

/* A value is { a, lock, b }, of 4, 4 and 8 bytes. */
enum { VALUE = 16, LOCK_AT = 4 };

#define LOOKUP(key)                                                                                \
    "*(u32 *)(r10 - 4) = " #key "\nr2 = r10\nr2 += -4\nr1 = map_fd(0) ll\ncall 1\n"                \
    "if r0 == 0 goto none\n"
#define LOCK(r)     "r1 = " #r "\nr1 += 4\ncall 93\n"
#define UNLOCK(r)   "r1 = " #r "\nr1 += 4\ncall 94\n"
#define END         "r0 = 2\nexit\nnone: r0 = 99\nexit\n"
#define BEGIN       LOOKUP(0) "r6 = r0\n"
#define FIRST       8 /* slot behind that */
#define GIVES(n)    ((struct wn_result){.value = (uint64_t)(n)})
#define FAULT(f, s) ((struct wn_result){.fault = WN_FAULT_##f, .slot = (s)})

static struct wn_map *new_map(enum wn_map_type type, bool has_lock)
{
    struct wn_map_opts of = {.type = type,
                             .key_bytes = 4,
                             .value_bytes = VALUE,
                             .max_entries = 4,
                             .has_lock = has_lock,
                             .lock_at = LOCK_AT};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    return map;
}

static struct wn_prog_opts options(struct wn_map **map, enum wn_verify verify)
{
    return (struct wn_prog_opts){.type = WN_PROG_XDP, .verify = verify, .maps = map, .n_maps = 1};
}

/** Run on every engine; nobody holds a lock behind that. */
static void runs_as(enum wn_verify verify, const char *text, struct wn_result wanted)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = new_map(WN_MAP_ARRAY, true);
        struct wn_prog_opts opts = options(&map, verify);
        uint32_t key = 0;
        uint8_t value[VALUE];
        opts.engine = engines[i];
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        for (unsigned times = 0; prog && times < 2; times++) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.slot, wanted.slot);
            assert_int_equal(r.value, wanted.value);
        }
        assert_int_equal(wn_map_lookup(map, &key, value), 0); /* which waits for whoever has it */
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(map);
    }
}

static void proved(const char *text, uint64_t value)
{
    runs_as(WN_VERIFY_STRICT, text, GIVES(value));
    runs_as(WN_VERIFY_NONE, text, GIVES(value));
}

static void refused(const char *text, uint32_t slot, struct wn_result wanted)
{
    struct wn_map *map = new_map(WN_MAP_ARRAY, true);
    refuses(options(&map, WN_VERIFY_GUARD), text, slot);
    wn_map_free(map);
    runs_as(WN_VERIFY_NONE, text, wanted);
}

static void fields_are_changed_under_the_lock(void **state)
{
    (void)state;
    proved(BEGIN LOCK(r6) "r1 = *(u64 *)(r6 + 8)\nr1 += 1\n*(u64 *)(r6 + 8) = r1\n"
                          "*(u32 *)(r6 + 0) = 5\n" UNLOCK(r6) END,
           2);
    proved(BEGIN LOCK(r6) "r1 = r6\nr1 += 12\nr1 += -8\ncall 94\n" END, 2);
    /* a loop, and a function of the program */
    proved(BEGIN LOCK(
               r6) "r7 = 5\nagain: r1 = r6\ncall adds\nr7 += -1\nif r7 != 0 goto again\n" UNLOCK(r6)
               END "adds: r2 = *(u64 *)(r1 + 8)\nr2 += 1\n*(u64 *)(r1 + 8) = r2\nr0 = 0\nexit\n",
           2);
}

static void a_lock_is_given_back(void **state)
{
    (void)state;
    refused(BEGIN LOCK(r6) END, FIRST + 4, GIVES(2));
    refused(BEGIN LOCK(r6) "r1 = *(u64 *)(r6 + 8)\nif r1 > 5 goto out\n" UNLOCK(
                r6) "out: r0 = 2\nexit\nnone: r0 = 99\nexit\n",
            FIRST + 9, GIVES(2));
    refused(BEGIN UNLOCK(r6) END, FIRST + 2, FAULT(HELPER, FIRST + 2));
    refused(BEGIN LOCK(r6) UNLOCK(r6) UNLOCK(r6) END, FIRST + 8, FAULT(HELPER, FIRST + 8));
}

static void nobody_holds_two(void **state)
{
    (void)state;
    refused(BEGIN LOCK(r6) LOCK(r6) UNLOCK(r6) END, FIRST + 5, FAULT(HELPER, FIRST + 5));
    refused(LOOKUP(0) "r6 = r0\n" LOOKUP(1) "r7 = r0\n" LOCK(r6) LOCK(r7) UNLOCK(r7) UNLOCK(r6) END,
            2 * FIRST + 5, FAULT(HELPER, 2 * FIRST + 5));
    refused(LOOKUP(0) "r6 = r0\n" LOOKUP(1) "r7 = r0\n" LOCK(r6) UNLOCK(r7) END, 2 * FIRST + 5,
            FAULT(HELPER, 2 * FIRST + 5));
    proved(LOOKUP(0) "r6 = r0\n" LOOKUP(1) "r7 = r0\n" LOCK(r6) UNLOCK(r6) LOCK(r7) UNLOCK(r7) END,
           2);
}

/* Helpers wait for locks of their own. */
static void nothing_is_called_under_a_lock(void **state)
{
    (void)state;
    refused(BEGIN LOCK(r6) "r1 = map_fd(0) ll\nr2 = r10\nr2 += -4\ncall 3\n" UNLOCK(r6) END,
            FIRST + 7, FAULT(HELPER, FIRST + 7));
    refused(
        BEGIN LOCK(r6) "r1 = map_fd(0) ll\nr2 = r10\nr2 += -4\nr3 = r6\nr4 = 0\ncall 2\n" UNLOCK(r6)
            END,
        FIRST + 9, FAULT(HELPER, FIRST + 9));
    refused(BEGIN LOCK(r6) "call 7\n" UNLOCK(r6) END, FIRST + 3, GIVES(2)); /* which does no harm */
}

static void a_lock_is_nothing_but_that(void **state)
{
    (void)state;
    refused(BEGIN "*(u32 *)(r6 + 4) = 1\n" END, FIRST, GIVES(2));
    refused(BEGIN "r1 = *(u8 *)(r6 + 7)\n" END, FIRST, GIVES(2));
    refused(BEGIN "r1 = *(u64 *)(r6 + 0)\n" END, FIRST, GIVES(2));
    refused(BEGIN "r1 = r6\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\n" END, FIRST + 5, GIVES(2));
    /* what somebody writes there is no lock */
    proved(BEGIN LOCK(r6) "*(u32 *)(r6 + 0) = -1\n" UNLOCK(r6) LOCK(r6) UNLOCK(r6) END, 2);
}

static void only_locks_are_locked(void **state)
{
    (void)state;
    refused(BEGIN "r1 = r6\ncall 93\n" END, FIRST + 1, FAULT(MEMORY, FIRST + 1));
    refused(BEGIN "r1 = r10\nr1 += -8\ncall 93\n" END, FIRST + 2, FAULT(MEMORY, FIRST + 2));
    refused(BEGIN "r1 = 4\ncall 93\n" END, FIRST + 1, FAULT(MEMORY, FIRST + 1));
    /* a map without locks */
    struct wn_map *map = new_map(WN_MAP_ARRAY, false);
    struct wn_prog_opts opts = options(&map, WN_VERIFY_GUARD);
    refuses(opts, BEGIN LOCK(r6) UNLOCK(r6) END, FIRST + 2);
    opts.type = WN_PROG_SOCKET;
    wn_map_free(map);
    map = new_map(WN_MAP_ARRAY, true);
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(BEGIN LOCK(r6) UNLOCK(r6) END, &n);
    assert_true(wn_prog_new(slots, n, &opts, &prog, &err) < 0); /* the kernel has none for these */
    free(slots);
    wn_map_free(map);
}

static void a_fault_lets_go(void **state)
{
    (void)state;
    /* the packet is shorter than that */
    static const char reads[] =
        "r9 = r1\n" BEGIN LOCK(r6) "r7 = *(u32 *)(r9 + 0)\nr7 = *(u8 *)(r7 + 100)\n" UNLOCK(r6) END;
    runs_as(WN_VERIFY_GUARD, reads, FAULT(MEMORY, FIRST + 5));
    runs_as(WN_VERIFY_NONE, reads, FAULT(MEMORY, FIRST + 5));
    static const char forever[] = BEGIN LOCK(r6) "again: goto again\n" UNLOCK(r6) END;
    runs_as(WN_VERIFY_GUARD, forever, FAULT(FUEL, FIRST + 3));
}

static void maps_are_made_as_in_the_kernel(void **state)
{
    (void)state;
    static const struct {
        struct wn_map_opts opts;
        int result;
    } cases[] = {
        {{WN_MAP_ARRAY, 4, 16, 4, 0, .has_lock = true, .lock_at = 12}, 0},
        {{WN_MAP_HASH, 4, 4, 4, 0, .has_lock = true}, 0},
        {{WN_MAP_HASH, 4, 16, 4, 0, .has_lock = true, .lock_at = 2}, -EINVAL},
        {{WN_MAP_HASH, 4, 16, 4, 0, .has_lock = true, .lock_at = 16}, -EINVAL},
        {{WN_MAP_HASH, 4, 3, 4, 0, .has_lock = true}, -EINVAL},
        {{WN_MAP_LRU_HASH, 4, 16, 4, 0, .has_lock = true}, -EOPNOTSUPP},
        {{WN_MAP_PERCPU_ARRAY, 4, 16, 4, 0, .has_lock = true}, -EOPNOTSUPP},
        {{WN_MAP_ARRAY, 4, 16, 4, WN_MAP_RDONLY_PROG, .has_lock = true}, -EACCES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_map *map = NULL;
        assert_int_equal(wn_map_new(&cases[i].opts, &map, NULL), cases[i].result);
        wn_map_free(map);
    }
}

static void locks_read_as_zeros(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_ARRAY, WN_MAP_HASH};
    for (size_t t = 0; t < 2; t++) {
        struct wn_map *map = new_map(types[t], true), *other = new_map(types[t], false);
        uint32_t key = 1, value[4] = {1, 2, 3, 4}, got[4];
        struct wn_map_info info;
        wn_map_info(map, &info);
        assert_true(info.has_lock);
        assert_int_equal(info.lock_at, LOCK_AT);
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_ANY), 0);
        assert_int_equal(wn_map_lookup(map, &key, got), 0);
        value[1] = 0;
        assert_memory_equal(got, value, sizeof value);
        /* in the place of the old value, which programs may have the address of */
        const void *before = wn_map_lookup(map, &key, got) == 0 ? got : NULL;
        assert_non_null(before);
        value[0] = 9;
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_LOCK), 0);
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_LOCK | WN_MAP_EXIST), 0);
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_LOCK | WN_MAP_NOEXIST), -EEXIST);
        assert_int_equal(wn_map_update(map, &key, value, WN_MAP_LOCK | 3), -EINVAL);
        assert_int_equal(wn_map_update(other, &key, value, WN_MAP_LOCK), -EINVAL);
        assert_int_equal(wn_map_lookup(map, &key, got), 0);
        assert_int_equal(got[0], 9);
        wn_map_free(map);
        wn_map_free(other);
    }
}

/* ---- several threads ------------------------------------------------------------------------- */

enum { TIMES = 20000 };

struct worker {
    pthread_t thread;
    struct wn_prog *prog;
    struct wn_map *map;
    struct wn_run *run;
    bool wrong;
};

static void *add(void *arg)
{
    struct worker *w = arg;
    struct wn_packet pkt = packet();
    for (unsigned i = 0; i < TIMES; i++)
        w->wrong |= wn_prog_run(w->prog, w->run, &pkt).value != 2;
    return NULL;
}

static void *read_and_write(void *arg)
{
    struct worker *w = arg;
    uint32_t key = 0, other = 1;
    for (unsigned i = 0; i < TIMES; i++) {
        struct {
            uint32_t a, lock;
            uint64_t b;
        } v, pair = {i, 0, i};
        w->wrong |= wn_map_lookup(w->map, &key, &v) != 0 || v.a != v.b;
        w->wrong |= wn_map_update(w->map, &other, &pair, WN_MAP_LOCK) != 0;
        w->wrong |= wn_map_lookup(w->map, &other, &v) != 0 || v.a != v.b;
    }
    return NULL;
}

/* Both fields are always the same, and no addition is lost. */
static void nobody_sees_half_a_change(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_ARRAY, WN_MAP_HASH};
    static const char both[] = BEGIN LOCK(
        r6) "r1 = *(u32 *)(r6 + 0)\nr1 += 1\n*(u32 *)(r6 + 0) = r1\n"
            "r1 = *(u64 *)(r6 + 8)\nr1 += 1\n*(u64 *)(r6 + 8) = r1\n" UNLOCK(r6)
                LOOKUP(1) "r6 = r0\n" LOCK(r6) "r1 = *(u32 *)(r6 + 0)\nr2 = *(u64 *)(r6 + 8)\nr7 = "
                                               "2\nif r1 == r2 goto same\nr7 = 3\nsame: " UNLOCK(
                                                   r6) "r0 = r7\nexit\nnone: r0 = 99\nexit\n";
    for (size_t t = 0; t < 2; t++) {
        struct wn_map *map = new_map(types[t], true);
        struct wn_prog_opts opts = options(&map, WN_VERIFY_STRICT);
        struct wn_prog *prog = make(both, &opts);
        struct worker w[3];
        uint64_t zero[2] = {0}, got[2];
        for (uint32_t key = 0; key < 2; key++)
            assert_int_equal(wn_map_update(map, &key, zero, 0), 0);
        for (unsigned i = 0; i < 3; i++) {
            w[i] = (struct worker){.prog = prog, .map = map, .run = wn_run_new()};
            assert_int_equal(
                pthread_create(&w[i].thread, NULL, i < 2 ? add : read_and_write, &w[i]), 0);
        }
        for (unsigned i = 0; i < 3; i++) {
            pthread_join(w[i].thread, NULL);
            assert_false(w[i].wrong);
            wn_run_free(w[i].run);
        }
        uint32_t key = 0;
        assert_int_equal(wn_map_lookup(map, &key, got), 0);
        assert_int_equal(got[1], 2 * TIMES);
        wn_prog_free(prog);
        wn_map_free(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_changed_under_the_lock),
        cmocka_unit_test(a_lock_is_given_back),
        cmocka_unit_test(nobody_holds_two),
        cmocka_unit_test(nothing_is_called_under_a_lock),
        cmocka_unit_test(a_lock_is_nothing_but_that),
        cmocka_unit_test(only_locks_are_locked),
        cmocka_unit_test(a_fault_lets_go),
        cmocka_unit_test(maps_are_made_as_in_the_kernel),
        cmocka_unit_test(locks_read_as_zeros),
        cmocka_unit_test(nobody_sees_half_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
