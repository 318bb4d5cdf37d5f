/* SPDX-License-Identifier: MIT */
/** Helpers: what each takes, and what it refuses. Checksums and lengths are Linux 6.18's answers.
 */
#include "../engines.h"

#include <errno.h>

#define BAD WN_FAULT_MEMORY

/* ---- Maps */

static struct wn_map *map_of(enum wn_map_type type, uint32_t entries)
{
    bool ring = type == WN_MAP_RINGBUF;
    bool keys =
        type != WN_MAP_QUEUE && type != WN_MAP_STACK && type != WN_MAP_BLOOM_FILTER && !ring;
    struct wn_map_opts of = {.type = type,
                             .key_bytes = keys ? 4 : 0,
                             .value_bytes = ring                        ? 0
                                            : type == WN_MAP_PROG_ARRAY ? 4
                                                                        : 8,
                             .max_entries = ring ? 65536 : entries};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    return map;
}

/** Run with one map, fresh for each engine and each way of verifying. */
static void runs_with_map(enum wn_map_type type, enum wn_verify verify, const char *text,
                          struct wn_result wanted)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = map_of(type, 2);
        struct wn_prog_opts opts = {
            .engine = engines[i], .verify = verify, .type = WN_PROG_XDP, .maps = &map, .n_maps = 1};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.slot, wanted.slot);
            assert_int_equal(r.value, wanted.value);
        }
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(map);
    }
}

static void with_map(enum wn_map_type type, const char *text, struct wn_result wanted)
{
    runs_with_map(type, WN_VERIFY_GUARD, text, wanted);
    runs_with_map(type, WN_VERIFY_NONE, text, wanted);
}

/** What the verifier refuses is a fault there if nobody verifies it. */
static void is_wrong_with_map(enum wn_map_type type, const char *text, uint32_t slot)
{
    struct wn_map *map = map_of(type, 2);
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &map, .n_maps = 1};
    refuses(opts, text, slot);
    wn_map_free(map);
    runs_with_map(type, WN_VERIFY_NONE, text, (struct wn_result){.fault = BAD, .slot = slot});
}

#define KEY(n)    "*(u32 *)(r10 - 4) = " #n "\nr2 = r10\nr2 += -4\n"
#define VALUE(n)  "*(u64 *)(r10 - 16) = " #n "\nr3 = r10\nr3 += -16\n"
#define MAP       "r1 = map_fd(0) ll\n"
#define LOOKUP(n) KEY(n) MAP "call 1\n"
#define UPDATE(key, value, flags)                                                                  \
    KEY(key)                                                                                       \
    VALUE(value)                                                                                   \
    MAP "r4 = " #flags "\n"                                                                        \
        "call 2\n"
#define DELETE(key) KEY(key) MAP "call 3\n"
#define GIVES(n)    ((struct wn_result){.value = (uint64_t)(n)})

static void map_elements_are_made_found_and_deleted(void **state)
{
    (void)state;
    with_map(WN_MAP_HASH, UPDATE(7, 5, 0) LOOKUP(7) "r0 = *(u64 *)(r0 + 0)\nexit\n", GIVES(5));
    with_map(WN_MAP_HASH, LOOKUP(7) "exit\n", GIVES(0));
    with_map(WN_MAP_HASH, UPDATE(7, 5, 2) "exit\n", GIVES(-2));
    with_map(WN_MAP_HASH, UPDATE(7, 5, 1) UPDATE(7, 5, 1) "exit\n", GIVES(-17));
    with_map(WN_MAP_HASH, UPDATE(7, 5, 0) UPDATE(8, 5, 0) UPDATE(9, 5, 0) "exit\n", GIVES(-7));
    with_map(WN_MAP_HASH,
             UPDATE(7, 5, 0) DELETE(7) "r6 = r0\n" LOOKUP(7) "if r0 != 0 goto +1\nr0 |= r6\nexit\n",
             GIVES(0));
    with_map(WN_MAP_HASH, DELETE(7) "exit\n", GIVES(-2));
    with_map(WN_MAP_ARRAY, DELETE(1) "exit\n", GIVES(-22));
    with_map(WN_MAP_ARRAY, LOOKUP(2) "exit\n", GIVES(0));
}

static void maps_keys_and_values_are_checked(void **state)
{
    (void)state;
    is_wrong_with_map(WN_MAP_HASH, "r1 = 0\n" KEY(1) "call 1\nexit\n", 4);
    is_wrong_with_map(WN_MAP_HASH, "r1 = 0xf0c1000000000001 ll\n" KEY(1) "call 1\nexit\n", 5);
    is_wrong_with_map(WN_MAP_HASH, MAP "r2 = r10\nr2 += -3\ncall 1\nexit\n", 4);
    is_wrong_with_map(WN_MAP_HASH, MAP "r2 = 0\ncall 3\nexit\n", 3);
    is_wrong_with_map(WN_MAP_HASH, KEY(1) MAP "r3 = r10\nr3 += -7\nr4 = 0\ncall 2\nexit\n", 8);
}

/* Whoever copies a register that a call has cleared gets 0, also where the call has become
 * something else. */
static void lookups_leave_nothing_behind(void **state)
{
    (void)state;
    static const char shows[] =
        "r6 = *(u32 *)(r1 + 16)\n" LOOKUP(0) "if r6 < 5 goto out\nr2 = 5\nout: r0 = r2\nexit\n";
    with_map(WN_MAP_ARRAY, shows, GIVES(0));
    with_map(WN_MAP_PERCPU_ARRAY, shows, GIVES(0));
    with_map(WN_MAP_HASH, shows, GIVES(0));
}

/* More maps than a run remembers; the first one's value is read at last. */
static void many_maps_are_found_in_one(void **state)
{
    (void)state;
    enum { INNER = 80 };
    static const char *const text =
        "*(u32 *)(r10 - 4) = 0\n*(u32 *)(r10 - 8) = 0\n"
        "r1 = map_fd(0) ll\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 goto none\n"
        "r1 = r0\nr2 = r10\nr2 += -8\ncall 1\nif r0 == 0 goto none\nr6 = r0\nr7 = 0\nr8 = 1\n"
        "again: *(u32 *)(r10 - 4) = r8\n"
        "r1 = map_fd(0) ll\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 goto none\n"
        "r1 = r0\nr2 = r10\nr2 += -8\ncall 1\nif r0 == 0 goto none\n"
        "r0 = *(u64 *)(r0 + 0)\nr7 += r0\nr8 += 1\nif r8 != 80 goto again\n"
        "r0 = *(u64 *)(r6 + 0)\nr0 += r7\nexit\nnone: r0 = -1\nexit\n";
    static const enum wn_verify ways[] = {WN_VERIFY_STRICT, WN_VERIFY_NONE};
    static const struct wn_map_opts array = {WN_MAP_ARRAY, 4, 8, 1, 0};
    for (unsigned i = 0; i < 4 * ENGINES; i++) {
        enum wn_map_type type = i % 4 < 2 ? WN_MAP_ARRAY_OF_MAPS : WN_MAP_HASH_OF_MAPS;
        struct wn_map_opts of = {type, 4, 4, INNER, 0, .inner = &array};
        struct wn_map *outer = NULL, *inner = NULL;
        uint32_t zero = 0;
        assert_int_equal(wn_map_new(&of, &outer, NULL), 0);
        for (uint32_t key = 0; key < INNER; key++) {
            uint64_t value = key ? 1 : 1000;
            assert_int_equal(wn_map_new(&array, &inner, NULL), 0);
            assert_int_equal(wn_map_update(inner, &zero, &value, 0), 0);
            assert_int_equal(wn_map_set_inner(outer, &key, inner, 0, NULL), 0);
            wn_map_free(inner);
        }
        struct wn_prog_opts opts = {.engine = engines[i / 4],
                                    .verify = ways[i % 2],
                                    .type = WN_PROG_XDP,
                                    .maps = &outer,
                                    .n_maps = 1};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog)
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 1000 + INNER - 1);
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(outer);
    }
}

/* What is put into a map of maps is like all the others. */
static void inner_maps_are_alike(void **state)
{
    (void)state;
    static const struct wn_map_opts array = {WN_MAP_ARRAY, 4, 8, 4, 0},
                                    others[] = {
                                        {WN_MAP_HASH, 4, 8, 4, 0},
                                        {WN_MAP_ARRAY, 4, 16, 4, 0},
                                        {WN_MAP_ARRAY, 4, 8, 5, 0},
                                        {WN_MAP_ARRAY, 4, 8, 4, WN_MAP_RDONLY_PROG},
                                        {WN_MAP_ARRAY, 4, 8, 4, 0, .has_lock = true},
                                    };
    struct wn_map_opts of = {WN_MAP_ARRAY_OF_MAPS, 4, 4, 2, 0, .inner = &array};
    struct wn_map *outer = NULL, *map = NULL, *found = NULL;
    uint32_t key = 1, far = 2;
    uint32_t number = 7;
    assert_int_equal(wn_map_new(&of, &outer, NULL), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct wn_error err = {0};
        assert_int_equal(wn_map_new(&others[i], &map, NULL), 0);
        assert_int_equal(wn_map_set_inner(outer, &key, map, 0, &err), -EINVAL);
        assert_true(err.text[0]);
        wn_map_free(map);
    }
    assert_int_equal(wn_map_new(&array, &map, NULL), 0);
    assert_int_equal(wn_map_set_inner(map, &key, map, 0, NULL), -EINVAL);
    assert_int_equal(wn_map_set_inner(outer, &far, map, 0, NULL), -E2BIG);
    assert_int_equal(wn_map_set_inner(outer, &key, map, WN_MAP_NOEXIST, NULL), -EINVAL);
    assert_int_equal(wn_map_set_inner(outer, &key, map, 0, NULL), 0);
    assert_int_equal(wn_map_get_inner(outer, &key, &found), 0);
    assert_ptr_equal(found, map);
    wn_map_free(found);
    assert_int_equal(wn_map_update(outer, &key, &number, 0), -EOPNOTSUPP);
    assert_int_equal(wn_map_lookup(outer, &key, &number), -EOPNOTSUPP);
    assert_int_equal(wn_map_delete(outer, &far), -E2BIG);
    assert_int_equal(wn_map_delete(outer, &key), 0);
    assert_int_equal(wn_map_delete(outer, &key), -ENOENT);
    wn_map_quiesce(outer);
    wn_map_free(map);
    wn_map_free(outer);
}

/** Values that begin in one element and end in the next are nobody's. */
static void values_do_not_run_into_each_other(void **state)
{
    (void)state;
    static const char *const other = LOOKUP(0) "r0 = *(u64 *)(r0 + 8)\nexit\n";
    struct wn_map *map = map_of(WN_MAP_ARRAY, 2);
    refuses((struct wn_prog_opts){.maps = &map, .n_maps = 1}, other, 6);
    runs_with_map(WN_MAP_ARRAY, WN_VERIFY_NONE, other, GIVES(0));
    wn_map_free(map);
    is_wrong_with_map(WN_MAP_ARRAY, LOOKUP(0) "r0 = *(u64 *)(r0 + 4)\nexit\n", 6);
    is_wrong_with_map(WN_MAP_ARRAY, LOOKUP(1) "r0 = *(u64 *)(r0 + 8)\nexit\n", 6);
}

#define PUSH(value, flags)                                                                         \
    "*(u64 *)(r10 - 16) = " #value "\nr2 = r10\nr2 += -16\n" MAP "r3 = " #flags "\ncall 87\n"
#define ROOM "r2 = r10\nr2 += -8\n" MAP
#define POP  ROOM "call 88\n"
#define PEEK ROOM "call 89\n"
#define SEEN "r0 = *(u64 *)(r10 - 8)\nexit\n"

/** Memory that nobody has written is room for a value, and written afterwards. */
static void values_are_pushed_popped_and_looked_at(void **state)
{
    (void)state;
    with_map(WN_MAP_QUEUE, PUSH(5, 0) PUSH(6, 0) POP SEEN, GIVES(5));
    with_map(WN_MAP_STACK, PUSH(5, 0) PUSH(6, 0) POP SEEN, GIVES(6));
    with_map(WN_MAP_QUEUE, PUSH(5, 0) PUSH(6, 0) POP PEEK SEEN, GIVES(6));
    with_map(WN_MAP_STACK, PUSH(5, 0) PUSH(6, 0) PEEK "exit\n", GIVES(0));
    with_map(WN_MAP_QUEUE, "*(u64 *)(r10 - 8) = 9\n" POP SEEN, GIVES(0));
    with_map(WN_MAP_QUEUE, PEEK "exit\n", GIVES(-2));
    with_map(WN_MAP_QUEUE, PUSH(5, 0) PUSH(6, 0) PUSH(7, 0) "exit\n", GIVES(-7));
    with_map(WN_MAP_QUEUE, PUSH(5, 0) PUSH(6, 0) PUSH(7, 2) POP SEEN, GIVES(6));
    with_map(WN_MAP_QUEUE, PUSH(5, 1) "exit\n", GIVES(-22));
    with_map(WN_MAP_BLOOM_FILTER, "*(u64 *)(r10 - 8) = 5\n" PUSH(5, 0) PEEK "exit\n", GIVES(0));
    with_map(WN_MAP_BLOOM_FILTER, "*(u64 *)(r10 - 8) = 5\n" PEEK SEEN, GIVES(5));
    with_map(WN_MAP_BLOOM_FILTER, PUSH(5, 2) "exit\n", GIVES(-22));
}

static void values_go_where_programs_may_write(void **state)
{
    (void)state;
    is_wrong_with_map(WN_MAP_QUEUE, MAP "r2 = r10\nr2 += -7\ncall 88\nexit\n", 4);
    is_wrong_with_map(WN_MAP_QUEUE, "r2 = r1\n" MAP "call 88\nexit\n", 3);
    is_wrong_with_map(WN_MAP_STACK, MAP "r2 = 0\ncall 89\nexit\n", 3);
    is_wrong_with_map(WN_MAP_QUEUE, MAP "r2 = r10\nr2 += -7\nr3 = 0\ncall 87\nexit\n", 5);
    is_wrong_with_map(WN_MAP_QUEUE, "r1 = r10\nr1 += -8\nr2 = r1\ncall 88\nexit\n", 3);
    is_wrong_with_map(WN_MAP_BLOOM_FILTER, ROOM "call 88\nexit\n", 4);
    is_wrong_with_map(WN_MAP_HASH, ROOM "call 89\nexit\n", 4);
    is_wrong_with_map(WN_MAP_HASH, PUSH(1, 0) "exit\n", 6);
    is_wrong_with_map(WN_MAP_QUEUE, LOOKUP(1) "exit\n", 5);
    is_wrong_with_map(WN_MAP_QUEUE, DELETE(1) "exit\n", 5);
}

#define OUTPUT(bytes, flags)                                                                       \
    "*(u64 *)(r10 - 16) = 5\nr2 = r10\nr2 += -16\n" MAP "r3 = " #bytes "\nr4 = " #flags            \
    "\ncall 130\n"
#define QUERY(what) MAP "r2 = " #what "\ncall 134\n"

/** The kernel's results; a record of 8 bytes takes 16. */
static void records_are_written_and_positions_told(void **state)
{
    (void)state;
    with_map(WN_MAP_RINGBUF, OUTPUT(8, 0) "exit\n", GIVES(0));
    with_map(WN_MAP_RINGBUF, OUTPUT(8, 3) QUERY(3) "exit\n", GIVES(16));
    with_map(WN_MAP_RINGBUF, OUTPUT(5, 1) OUTPUT(0, 0) QUERY(0) "exit\n", GIVES(24));
    with_map(WN_MAP_RINGBUF, OUTPUT(8, 4) "exit\n", GIVES(-22));
    with_map(WN_MAP_RINGBUF, OUTPUT(8, 4) QUERY(3) "exit\n", GIVES(0));
    with_map(WN_MAP_RINGBUF, MAP "r2 = 0\nr3 = 0\nr4 = 0\ncall 130\nexit\n", GIVES(0));
    with_map(WN_MAP_RINGBUF, QUERY(1) "exit\n", GIVES(65536));
    with_map(WN_MAP_RINGBUF, QUERY(2) "exit\n", GIVES(0));
    with_map(WN_MAP_RINGBUF, QUERY(9) "exit\n", GIVES(0));
    /* Until it is full: of 16 bytes each, one less than would fill it. */
    with_map(WN_MAP_RINGBUF,
             "r6 = 4095\n" OUTPUT(8, 0) "if r0 != 0 goto +10\nr6 += -1\n"
                                        "if r6 != 0 goto -11\n" OUTPUT(8, 0) "exit\n",
             GIVES(-11));
}

static void records_are_made_of_what_programs_may_read(void **state)
{
    (void)state;
    is_wrong_with_map(WN_MAP_RINGBUF, OUTPUT(17, 0) "exit\n", 7);
    is_wrong_with_map(WN_MAP_RINGBUF, MAP "r2 = 0\nr3 = 8\nr4 = 0\ncall 130\nexit\n", 5);
    is_wrong_with_map(WN_MAP_RINGBUF, "r1 = 0\nr2 = 1\ncall 134\nexit\n", 2);
    is_wrong_with_map(WN_MAP_QUEUE, OUTPUT(8, 0) "exit\n", 7);
    is_wrong_with_map(WN_MAP_HASH, QUERY(1) "exit\n", 3);
    is_wrong_with_map(WN_MAP_RINGBUF, LOOKUP(1) "exit\n", 5);
    is_wrong_with_map(WN_MAP_RINGBUF, PUSH(1, 0) "exit\n", 6);
}

#define PERCPU(n, cpu) KEY(n) MAP "r3 = " #cpu "\ncall 195\n"

static void values_of_other_cpus_are_found_where_there_are_such(void **state)
{
    (void)state;
    static const enum wn_map_type types[] = {WN_MAP_PERCPU_HASH, WN_MAP_LRU_PERCPU_HASH,
                                             WN_MAP_PERCPU_ARRAY};
    for (unsigned t = 0; t < 3; t++) {
        with_map(types[t], UPDATE(1, 5, 0) PERCPU(1, 0) "r0 = *(u64 *)(r0 + 0)\nexit\n", GIVES(5));
        with_map(types[t], UPDATE(1, 5, 0) PERCPU(1, 1) "exit\n", GIVES(0));
        with_map(types[t], UPDATE(1, 5, 0) PERCPU(1, -1) "exit\n", GIVES(0));
        with_map(types[t], PERCPU(2, 0) "exit\n", GIVES(0));
    }
    is_wrong_with_map(WN_MAP_HASH, PERCPU(1, 0) "exit\n", 6);
    is_wrong_with_map(WN_MAP_PERCPU_HASH, MAP "r2 = 0\nr3 = 0\ncall 195\nexit\n", 4);
    is_wrong_with_map(WN_MAP_PERCPU_HASH, PERCPU(1, 0) "r0 = *(u64 *)(r0 + 4)\nexit\n", 7);
}

/** However the result is tested; and r3 is 0 behind a call, which the last one shows: "0". */
static void lookups_in_arrays_leave_what_calls_do(void **state)
{
    (void)state;
    static const char *const ways[] = {
        LOOKUP(1) "if r0 == 0 goto out\nr0 = 3\nout: exit\n",
        LOOKUP(1) "if r0 != 0 goto some\nr0 = 4\nexit\nsome: r0 = 3\nexit\n",
        LOOKUP(2) "if r0 == 0 goto out\nr0 = 3\nout: exit\n",
        LOOKUP(2) "if r0 != 0 goto some\nr0 = 4\nexit\nsome: r0 = 3\nexit\n",
        LOOKUP(1) "if r0 s> 0 goto some\nr0 = 4\nexit\nsome: r0 = 3\nexit\n",
        "r6 = 0\nagain: " LOOKUP(1) "r6 += 1\nif r6 < 3 goto again\nif r0 == 0 goto out\n"
                                    "r0 = r6\nout: exit\n",
        "r3 = 12345\n" LOOKUP(1) "*(u8 *)(r10 - 16) = 0x25\n*(u8 *)(r10 - 15) = 0x64\n"
                                 "*(u8 *)(r10 - 14) = 0\nr1 = r10\nr1 += -16\nr2 = 3\n"
                                 "call 6\nr0 += 1\nexit\n",
        "r6 = map_fd(0) ll\n" KEY(1) "r1 = r6\ncall 1\nif r0 == 0 goto out\nr0 = 3\nout: exit\n",
    };
    static const uint64_t gives[] = {3, 3, 0, 4, 3, 3, 2, 3};
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        with_map(WN_MAP_ARRAY, ways[i], GIVES(gives[i]));
        with_map(WN_MAP_PERCPU_ARRAY, ways[i], GIVES(gives[i]));
    }
}

static void helpers_take_maps_that_suit_them(void **state)
{
    (void)state;
    static const char *const jump =
        "r6 = r1\n" MAP "r2 = r1\nr1 = r6\nr3 = 0\ncall 12\nr0 = 7\nexit\n";
    with_map(WN_MAP_PROG_ARRAY, jump, GIVES(7));
    is_wrong_with_map(WN_MAP_HASH, jump, 6);
    is_wrong_with_map(WN_MAP_PROG_ARRAY, LOOKUP(1) "exit\n", 5);
    is_wrong_with_map(WN_MAP_PROG_ARRAY, UPDATE(1, 1, 0) "exit\n", 9);
    is_wrong_with_map(WN_MAP_PROG_ARRAY, DELETE(1) "exit\n", 5);
}

/* ---- Time, chance and place */

static void time_is_the_packets(void **state)
{
    (void)state;
    gives(xdp, "call 5\nexit\n", 77);
}

static void random_numbers_have_32_bits_and_differ(void **state)
{
    (void)state;
    gives(tc,
          "call 7\nr6 = r0\ncall 7\nr1 = r0\nr1 ^= r6\nr0 >>= 32\nr6 >>= 32\nr0 |= r6\n"
          "if r1 != 0 goto out\nr0 = 1\nout: exit\n",
          0);
}

static void the_processor_is_the_runs(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_SOCKET};
        struct wn_prog *prog = make("call 8\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        wn_run_set_cpu(run, 3);
        if (prog)
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 3);
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/* ---- Packets */

static void bytes_are_loaded_over_the_packet_itself(void **state)
{
    (void)state;
    gives(tc,
          "r6 = r1\nr7 = *(u32 *)(r1 + 76)\nr2 = 0\nr3 = r7\nr3 += 1\nr4 = 14\ncall 26\n"
          "if r0 != 0 goto out\nr0 = *(u8 *)(r7 + 13)\nout: exit\n",
          8);
}

static void bytes_are_not_loaded_to_where_programs_may_not_write(void **state)
{
    (void)state;
    is_wrong(tc, "r2 = 0\nr3 = r1\nr4 = 4\ncall 26\nexit\n", BAD, 3);
    is_wrong(tc, "r2 = 0\nr3 = r10\nr3 += -4\nr4 = 5\ncall 26\nexit\n", BAD, 4);
    is_wrong(tc, "r2 = 0\nr3 = r10\nr3 += -4\nr4 = 0\ncall 26\nexit\n", BAD, 4);
    is_wrong(tc, "r2 = 0\nr3 = r10\nr3 += -4\nr4 = 0x100000004 ll\ncall 26\nexit\n", BAD, 5);
    gives(tc, "r2 = -1\nr3 = r10\nr3 += -4\nr4 = 4\ncall 26\nexit\n", (uint64_t)-14);
    gives(tc, "r2 = 0x7fffffff\nr3 = r10\nr3 += -4\nr4 = 4\ncall 26\nexit\n", (uint64_t)-14);
}

/** An old address may lie outside what the packet is now. */
static void adjusting_takes_effect_at_once(void **state)
{
    (void)state;
    faults(xdp, "r6 = *(u32 *)(r1 + 0)\nr2 = 4\ncall 44\nr0 = *(u8 *)(r6 + 0)\nexit\n", BAD, 3);
    faults(xdp, "r6 = *(u32 *)(r1 + 4)\nr2 = -4\ncall 65\nr0 = *(u8 *)(r6 - 1)\nexit\n", BAD, 3);
    gives(xdp, "r6 = *(u32 *)(r1 + 4)\nr2 = 4\ncall 65\nr0 = *(u32 *)(r6 + 0)\nexit\n", 0);
    gives(xdp,
          "r7 = r1\nr6 = *(u32 *)(r1 + 0)\n*(u8 *)(r6 + 59) = 9\nr2 = -1\ncall 65\n"
          "r1 = r7\nr2 = 1\ncall 65\nr0 = *(u8 *)(r6 + 59)\nexit\n",
          0);
    is_wrong(xdp, "r1 = r10\nr2 = 0\ncall 44\nexit\n", BAD, 2);
    is_wrong(xdp, "r1 += 4\nr2 = 0\ncall 65\nexit\n", BAD, 2);
    gives(xdp, "r6 = r1\nr2 = 1\ncall 44\nr0 = *(u8 *)skb[11]\nexit\n", 8);
}

#define SUMS                                                                                       \
    "*(u64 *)(r10 - 8) = 0x01020304\n*(u64 *)(r10 - 16) = 0x71f2f3f4\nr1 = r10\nr1 += -16\n"       \
    "r3 = r10\nr3 += -8\n"

static void checksums_are_the_kernels(void **state)
{
    (void)state;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        skip(); /* the sums of a little-endian machine's words */
    static const struct {
        int bytes;
        unsigned pushed, changed;
    } answers[] = {
        {1, 5, 27582}, {2, 773, 30909}, {3, 775, 30667}, {5, 1031, 1739}, {7, 1031, 1739}};
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++) {
        char text[512];
        snprintf(text, sizeof text, SUMS "r2 = 0\nr4 = %d\nr5 = 1\ncall 28\nexit\n",
                 answers[i].bytes);
        gives(tc, text, answers[i].pushed);
        snprintf(text, sizeof text, SUMS "r2 = %d\nr4 = 8\nr5 = 0x12345678\ncall 28\nexit\n",
                 answers[i].bytes);
        gives(xdp, text, answers[i].changed);
    }
    gives(tc, "r1 = 0\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0x10002\ncall 28\nexit\n", 3);
}

static void checksums_read_what_programs_may_read(void **state)
{
    (void)state;
    is_wrong(tc, SUMS "r2 = 17\nr4 = 8\nr5 = 0\ncall 28\nexit\n", BAD, 9);
    is_wrong(tc, SUMS "r2 = 16\nr4 = 9\nr5 = 0\ncall 28\nexit\n", BAD, 9);
    is_wrong(tc, "r1 = 0\nr2 = 4\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit\n", BAD, 5);
}

static void redirecting_is_kept_for_the_caller(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_XDP};
        struct wn_prog *to = make("r1 = 9\nr2 = 0\ncall 23\nexit\n", &opts);
        struct wn_prog *none = make("r1 = 9\nr2 = 1\ncall 23\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        assert_int_equal(wn_run_redirect(run), 0);
        if (to) {
            assert_int_equal(wn_prog_run(to, run, &pkt).value, 4);
            assert_int_equal(wn_run_redirect(run), 9);
            assert_int_equal(wn_prog_run(none, run, &pkt).value, 0);
            assert_int_equal(wn_run_redirect(run), 0);
        }
        wn_run_free(run);
        wn_prog_free(none);
        wn_prog_free(to);
    }
}

/* ---- Lines */

static char printed[2048];

static void keep_line(void *arg, const char *line)
{
    (void)arg;
    snprintf(printed, sizeof printed, "%s", line);
}

/** Print with a format of up to 16 bytes; r3 as given, r4 the address of "bc", r5 of the bytes 1 2
 * 3 4. */
static void prints(const char *format, const char *r3, const char *line, int result)
{
    uint64_t words[2] = {0};
    char text[640];
    assert_true(strlen(format) < sizeof words);
    memcpy(words, format, strlen(format));
    snprintf(text, sizeof text,
             "r1 = %llu ll\n*(u64 *)(r10 - 16) = r1\nr1 = %llu ll\n*(u64 *)(r10 - 8) = r1\n"
             "*(u32 *)(r10 - 24) = 0\n*(u8 *)(r10 - 24) = 98\n*(u8 *)(r10 - 23) = 99\n"
             "*(u64 *)(r10 - 40) = 0\n*(u8 *)(r10 - 40) = 1\n*(u8 *)(r10 - 39) = 20\n"
             "*(u8 *)(r10 - 38) = 255\n*(u64 *)(r10 - 32) = 0\n"
             "r1 = r10\nr1 += -16\nr2 = 16\n%s\nr4 = r10\nr4 += -24\nr5 = r10\nr5 += -40\n"
             "call 6\nexit\n",
             (unsigned long long)words[0], (unsigned long long)words[1], r3);
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_SOCKET};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        wn_run_set_print(run, keep_line, NULL);
        strcpy(printed, "nothing");
        if (prog) {
            assert_int_equal((int64_t)wn_prog_run(prog, run, &pkt).value, result);
            if (line)
                assert_string_equal(printed, line);
            else
                assert_string_equal(printed, "nothing");
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

static void lines_are_printed_as_the_kernel_does(void **state)
{
    (void)state;
    prints("n %d\n", "r3 = -7", "n -7", 5);
    prints("100%%", "r3 = 0", "100%", 4);
    prints("%u|%s|", "r3 = -1", "4294967295|bc|", 14);
    prints("%lx", "r3 = -1", "ffffffffffffffff", 16);
    prints("%-4X|%5s|", "r3 = 171", "AB  |   bc|", 11);
    prints("%+03d|%-4s|", "r3 = 5", "+05|bc  |", 9);
    prints("%c%s %pI4", "r3 = 65", "Abc 1.20.255.0", 14);
    prints("%c%s %pi4", "r3 = 65", "Abc 001.020.255.000", 19);
    prints("%d%s%pI6", "r3 = 1", "1bc0114:ff00:0000:0000:0000:0000:0000:0000", 42);
    prints("%p", "r3 = 9", "0000000000000009", 16);
    prints("%px", "r3 = 9", "0000000000000009", 16);
    prints("%s", "r3 = 0", "", 0);
    prints("", "r3 = 0", "", 0);
}

static void a_long_line_is_cut_and_its_whole_length_told(void **state)
{
    (void)state;
    char line[1024];
    memset(line, ' ', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    prints("%10003d", "r3 = 9", line, 10003);
    line[899] = '9';
    prints("%900d%900s", "r3 = 9", line, 1800);
}

static void formats_the_kernel_refuses_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"%y",  "%",        "%#x", "%lc",  "%hd",   "%sx",
                                        "%pz", "%p8",      "\a",  "\x80", "%lld%", "%pI5",
                                        "%5",  "%d%d%d%d", "%l",  "%.3s"};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        prints(wrong[i], "r3 = 0", NULL, -22);
    gives(tc, "*(u64 *)(r10 - 8) = -1\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\nexit\n", (uint64_t)-22);
    is_wrong(tc, "r1 = r10\nr1 += -8\nr2 = 9\ncall 6\nexit\n", BAD, 3);
    is_wrong(tc, "r1 = r10\nr1 += -8\nr2 = 0\ncall 6\nexit\n", BAD, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_elements_are_made_found_and_deleted),
        cmocka_unit_test(maps_keys_and_values_are_checked),
        cmocka_unit_test(lookups_leave_nothing_behind),
        cmocka_unit_test(many_maps_are_found_in_one),
        cmocka_unit_test(inner_maps_are_alike),
        cmocka_unit_test(values_do_not_run_into_each_other),
        cmocka_unit_test(helpers_take_maps_that_suit_them),
        cmocka_unit_test(values_are_pushed_popped_and_looked_at),
        cmocka_unit_test(values_go_where_programs_may_write),
        cmocka_unit_test(records_are_written_and_positions_told),
        cmocka_unit_test(records_are_made_of_what_programs_may_read),
        cmocka_unit_test(values_of_other_cpus_are_found_where_there_are_such),
        cmocka_unit_test(lookups_in_arrays_leave_what_calls_do),
        cmocka_unit_test(time_is_the_packets),
        cmocka_unit_test(random_numbers_have_32_bits_and_differ),
        cmocka_unit_test(the_processor_is_the_runs),
        cmocka_unit_test(bytes_are_loaded_over_the_packet_itself),
        cmocka_unit_test(bytes_are_not_loaded_to_where_programs_may_not_write),
        cmocka_unit_test(adjusting_takes_effect_at_once),
        cmocka_unit_test(checksums_are_the_kernels),
        cmocka_unit_test(checksums_read_what_programs_may_read),
        cmocka_unit_test(redirecting_is_kept_for_the_caller),
        cmocka_unit_test(lines_are_printed_as_the_kernel_does),
        cmocka_unit_test(a_long_line_is_cut_and_its_whole_length_told),
        cmocka_unit_test(formats_the_kernel_refuses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
