/* SPDX-License-Identifier: MIT */
#include "map/map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <winnow/build.h>
#include <winnow/prog.h>

#include "maps.h"

/** What stands for a program: it counts who holds it. */
struct held {
    int count;
    struct wn_map *uses; /* held as long as it is held itself; NULL: none */
};

static void hold(void *p)
{
    ((struct held *)p)->count++;
}

static void drop(void *p)
{
    struct held *h = p;
    assert_true(h->count > 0);
    if (--h->count == 0 && h->uses)
        wn_map_drop(h->uses);
}

static const struct wn_map_owner owner = {hold, drop};

#define PROGS(entries) ((struct wn_map_opts){WN_MAP_PROG_ARRAY, 4, 4, entries, 0})

static void attributes_the_kernel_refuses_are_refused(void **state)
{
    (void)state;
    struct wn_map_opts opts = PROGS(1);
    assert_int_equal(made(opts), 0);
    opts.flags = WN_MAP_NUMA_NODE | WN_MAP_RDONLY;
    assert_int_equal(made(opts), 0);
    opts.flags = WN_MAP_RDONLY_PROG;
    assert_int_equal(made(opts), -EINVAL);
    opts.flags = WN_MAP_MMAPABLE;
    assert_int_equal(made(opts), -EINVAL);
    assert_int_equal(made((struct wn_map_opts){WN_MAP_PROG_ARRAY, 4, 8, 1, 0}), -EINVAL);
    assert_int_equal(made((struct wn_map_opts){WN_MAP_PROG_ARRAY, 8, 4, 1, 0}), -EINVAL);
    assert_int_equal(made(PROGS(0)), -EINVAL);
    assert_int_equal(made(PROGS(UINT32_MAX)), WN_E_LIMIT);
}

static void a_replaced_program_is_kept_until_nothing_runs(void **state)
{
    (void)state;
    struct wn_map *map = map_of(PROGS(2));
    struct held a = {0}, b = {0};
    uint32_t key = 0;
    assert_int_equal(wn_map_delete(map, &key), -ENOENT);
    assert_int_equal(wn_map_set_owned(map, 0, &a, &owner), 0);
    assert_int_equal(wn_map_set_owned(map, 1, &a, &owner), 0);
    assert_int_equal(entries(map), 2);
    assert_int_equal(a.count, 2);
    assert_ptr_equal(wn_map_prog(map, 0), &a);
    assert_int_equal(wn_map_set_owned(map, 0, &b, &owner), 0);
    assert_ptr_equal(wn_map_prog(map, 0), &b);
    assert_int_equal(a.count, 2);
    for (int i = 0; i < 1000; i++) { /* and it is kept once */
        assert_int_equal(wn_map_set_owned(map, 0, &a, &owner), 0);
        assert_int_equal(wn_map_set_owned(map, 0, &b, &owner), 0);
    }
    assert_int_equal(a.count, 2);
    assert_int_equal(b.count, 2);
    key = 1;
    assert_int_equal(wn_map_delete(map, &key), 0);
    assert_null(wn_map_prog(map, 1));
    assert_int_equal(entries(map), 1);
    assert_int_equal(a.count, 1);
    wn_map_quiesce(map);
    assert_int_equal(a.count, 0);
    assert_int_equal(b.count, 1);
    wn_map_free(map);
    assert_int_equal(b.count, 0);
}

static void what_is_no_program_is_refused(void **state)
{
    (void)state;
    struct wn_map *map = map_of(PROGS(2));
    struct held a = {0};
    uint32_t key = 2;
    uint64_t value = 0;
    assert_int_equal(wn_map_set_owned(map, 2, &a, &owner), -E2BIG);
    assert_null(wn_map_prog(map, 2));
    assert_int_equal(wn_map_delete(map, &key), -E2BIG);
    key = 0;
    assert_int_equal(wn_map_update(map, &key, &value, 0), -EOPNOTSUPP);
    assert_int_equal(wn_map_put(map, &key, &value, 0, 0), -EOPNOTSUPP);
    assert_int_equal(wn_map_lookup(map, &key, &value), -EOPNOTSUPP);
    assert_null(wn_map_find(map, &key, 0));
    assert_int_equal(wn_map_next(map, NULL, &key), 0);
    struct wn_region region;
    wn_map_values(map, &region);
    assert_true(region.bytes == 0);
    assert_int_equal(wn_map_freeze(map), 0);
    assert_int_equal(wn_map_set_owned(map, 0, &a, &owner), -EPERM);
    wn_map_free(map);
    map = map_of((struct wn_map_opts){WN_MAP_ARRAY, 4, 8, 1, 0});
    assert_int_equal(wn_map_set_owned(map, 0, &a, &owner), -EINVAL);
    assert_null(wn_map_prog(map, 0));
    wn_map_quiesce(map);
    wn_map_free(map);
    assert_int_equal(a.count, 0);
}

static void a_circle_of_references_is_broken_by_the_last_owner(void **state)
{
    (void)state;
    struct wn_map *map = map_of(PROGS(1));
    struct held inner = {.uses = wn_map_hold(map)};
    assert_int_equal(wn_map_set_owned(map, 0, &inner, &owner), 0);
    wn_map_ref(map);
    wn_map_free(map);
    assert_int_equal(inner.count, 1);
    wn_map_free(map); /* a leak of memory, or its use after, is for the sanitizers to tell */
    assert_int_equal(inner.count, 0);
}

static void programs_outlive_their_owner_in_an_array(void **state)
{
    (void)state;
    struct wn_slot slots[] = {wn_mov64_k(WN_R0, 42), wn_exit()};
    struct wn_map *map = map_of(PROGS(1));
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = {0};
    struct wn_prog *prog = NULL;
    assert_int_equal(wn_prog_new(slots, 2, NULL, &prog, NULL), 0);
    assert_int_equal(wn_map_set_prog(map, 0, prog), 0);
    wn_prog_free(prog);
    assert_int_equal(wn_prog_run(wn_map_prog(map, 0), run, &pkt).value, 42);
    wn_run_free(run);
    wn_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_the_kernel_refuses_are_refused),
        cmocka_unit_test(a_replaced_program_is_kept_until_nothing_runs),
        cmocka_unit_test(what_is_no_program_is_refused),
        cmocka_unit_test(a_circle_of_references_is_broken_by_the_last_owner),
        cmocka_unit_test(programs_outlive_their_owner_in_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
