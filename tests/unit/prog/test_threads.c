/* SPDX-License-Identifier: MIT */
/** Many threads run one program while its program array and its maps change under it. */
#include <pthread.h>
#include <stdatomic.h>

#include "../engines.h"

enum { THREADS = 3, ROUNDS = 3000 };

static const char *const counts_and_goes_on = "r6 = r1\n"
                                              "*(u32 *)(r10 - 4) = 0\n"
                                              "r1 = map_fd(0) ll\n"
                                              "r2 = r10\n"
                                              "r2 += -4\n"
                                              "call 1\n"
                                              "if r0 == 0 goto out\n"
                                              "r1 = 1\n"
                                              "r1 = atomic_fetch_add((u64 *)(r0 + 0), r1)\n"
                                              "*(u64 *)(r10 - 16) = r1\n"
                                              "*(u32 *)(r10 - 4) = 7\n"
                                              "r2 = r10\n"
                                              "r2 += -4\n"
                                              "r3 = r10\n"
                                              "r3 += -16\n"
                                              "r4 = 0\n"
                                              "r1 = map_fd(2) ll\n"
                                              "call 2\n"
                                              "r1 = r6\n"
                                              "r2 = map_fd(1) ll\n"
                                              "r3 = 0\n"
                                              "call 12\n"
                                              "out: r0 = 1\n"
                                              "exit\n";

struct shared {
    struct wn_prog *prog;
    atomic_bool wrong;
};

static void *run_often(void *arg)
{
    struct shared *s = arg;
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = packet();
    for (int i = 0; run && i < ROUNDS; i++) {
        struct wn_result r = wn_prog_run(s->prog, run, &pkt);
        if (r.fault || r.value < 1 || r.value > 3)
            s->wrong = true;
    }
    s->wrong = s->wrong || !run;
    wn_run_free(run);
    return NULL;
}

static void change_what_is_called(struct wn_map *array, struct wn_prog *const next[2],
                                  struct wn_map *hash)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t key = 0, other = 7;
        assert_int_equal(wn_map_set_prog(array, 0, next[i % 2]), 0);
        if (i % 3 == 0)
            assert_int_equal(wn_map_delete(array, &key), 0);
        if (i % 5 == 0)
            wn_map_delete(hash, &other);
    }
}

static struct wn_map *map_of(enum wn_map_type type)
{
    struct wn_map_opts of = {.type = type,
                             .key_bytes = 4,
                             .value_bytes = type == WN_MAP_PROG_ARRAY ? 4 : 8,
                             .max_entries = 4};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    return map;
}

static void tail_calls_find_the_old_program_the_new_one_or_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *maps[] = {map_of(WN_MAP_ARRAY), map_of(WN_MAP_PROG_ARRAY),
                                 map_of(WN_MAP_HASH)};
        struct wn_prog_opts opts = {
            .engine = engines[i], .type = WN_PROG_XDP, .maps = maps, .n_maps = 3};
        struct shared s = {.prog = make(counts_and_goes_on, &opts)};
        struct wn_prog *next[] = {make("r0 = 2\nexit\n", &opts), make("r0 = 3\nexit\n", &opts)};
        pthread_t threads[THREADS];
        uint64_t count = 0;
        uint32_t key = 0;
        for (int t = 0; s.prog && t < THREADS; t++)
            assert_int_equal(pthread_create(&threads[t], NULL, run_often, &s), 0);
        if (s.prog)
            change_what_is_called(maps[1], next, maps[2]);
        for (int t = 0; s.prog && t < THREADS; t++)
            assert_int_equal(pthread_join(threads[t], NULL), 0);
        assert_false(s.wrong);
        assert_int_equal(wn_map_lookup(maps[0], &key, &count), 0);
        assert_int_equal(count, s.prog ? THREADS * ROUNDS : 0);
        wn_prog_free(s.prog);
        wn_prog_free(next[0]);
        wn_prog_free(next[1]);
        for (unsigned m = 0; m < 3; m++)
            wn_map_free(maps[m]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_calls_find_the_old_program_the_new_one_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
