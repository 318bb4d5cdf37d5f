/* SPDX-License-Identifier: MIT */
/** Records of ring buffers that a program reserves and has to give back. */
#include "../engines.h"

enum { BYTES = 4096 };

#define RING        "r1 = map_fd(0) ll\n"
#define RESERVE(n)  RING "r2 = " #n "\nr3 = 0\ncall 131\n"
#define SUBMIT(r)   "r1 = " #r "\nr2 = 0\ncall 132\n"
#define DISCARD(r)  "r1 = " #r "\nr2 = 0\ncall 133\n"
#define CHECKED(n)  RESERVE(n) "if r0 == 0 goto none\n"
#define NONE        "none: r0 = 99\nexit\n"
#define GIVES(n)    ((struct wn_result){.value = (uint64_t)(n)})
#define FAULT(f, s) ((struct wn_result){.fault = WN_FAULT_##f, .slot = (s)})

/** What a reader is shown: how many records, and of each the first 8 bytes as a number, or the
 * first one. */
struct shown {
    unsigned n;
    uint64_t first[8];
};

static int show(void *arg, const void *data, size_t bytes)
{
    struct shown *s = arg;
    assert_true(s->n < 8);
    s->first[s->n] = bytes ? *(const uint8_t *)data : 0;
    if (bytes >= 8)
        memcpy(&s->first[s->n], data, 8);
    s->n++;
    return 0;
}

static struct wn_map *new_ring(void)
{
    struct wn_map_opts of = {.type = WN_MAP_RINGBUF, .max_entries = BYTES};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    return map;
}

/** Nothing is held up: what is written now is what is read next. */
static void is_free(struct wn_map *ring)
{
    static const char writes[] =
        "*(u64 *)(r10 - 8) = 1234\n" RING "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall 130\nexit\n";
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &ring, .n_maps = 1};
    struct wn_prog *prog = make(writes, &opts);
    struct wn_run *run = wn_run_new();
    struct wn_packet pkt = packet();
    struct shown shown = {0};
    assert_int_equal(wn_prog_run(prog, run, &pkt).value, 0);
    assert_int_equal(wn_map_consume(ring, show, &shown), 1);
    assert_int_equal(shown.first[0], 1234);
    wn_run_free(run);
    wn_prog_free(prog);
}

/** Run once on every engine; `records` are read behind that, and nothing is left reserved. */
static void runs_as(enum wn_verify verify, const char *text, struct wn_result wanted,
                    unsigned records, uint64_t first)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *ring = new_ring();
        struct wn_prog_opts opts = {.engine = engines[i],
                                    .verify = verify,
                                    .type = WN_PROG_XDP,
                                    .maps = &ring,
                                    .n_maps = 1};
        struct wn_prog *prog = make(text, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        struct shown shown = {0};
        if (prog) {
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.slot, wanted.slot);
            assert_int_equal(r.value, wanted.value);
            assert_int_equal(wn_map_consume(ring, show, &shown), records);
            if (records)
                assert_int_equal(shown.first[0], first);
            is_free(ring);
        }
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(ring);
    }
}

/** Wholly proved, and the same where nothing is. */
static void proved(const char *text, uint64_t value, unsigned records, uint64_t first)
{
    runs_as(WN_VERIFY_STRICT, text, GIVES(value), records, first);
    runs_as(WN_VERIFY_NONE, text, GIVES(value), records, first);
}

static void guarded(const char *text, struct wn_result wanted, unsigned records)
{
    struct wn_map *ring = new_ring();
    struct wn_prog_opts opts = {
        .type = WN_PROG_XDP, .verify = WN_VERIFY_STRICT, .maps = &ring, .n_maps = 1};
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(text, &n);
    assert_int_equal(wn_prog_new(slots, n, &opts, &prog, &err), WN_E_REJECTED);
    assert_true(err.text[0]);
    free(slots);
    wn_map_free(ring);
    runs_as(WN_VERIFY_GUARD, text, wanted, records, 7);
    runs_as(WN_VERIFY_NONE, text, wanted, records, 7);
}

/** Refused at a slot; run all the same it does this. */
static void refused(const char *text, uint32_t slot, struct wn_result wanted)
{
    struct wn_map *ring = new_ring();
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &ring, .n_maps = 1};
    refuses(opts, text, slot);
    wn_map_free(ring);
    runs_as(WN_VERIFY_NONE, text, wanted, 0, 0);
}

static void a_record_is_written_and_given_to_the_reader(void **state)
{
    (void)state;
    proved(
        CHECKED(16) "*(u64 *)(r0 + 0) = 7\n*(u64 *)(r0 + 8) = 8\n" SUBMIT(r0) "r0 = 2\nexit\n" NONE,
        2, 1, 7);
    proved(CHECKED(16) "*(u64 *)(r0 + 0) = 7\n" DISCARD(r0) "r0 = 2\nexit\n" NONE, 2, 0, 0);
    proved(CHECKED(1) "*(u8 *)(r0 + 0) = 7\n" SUBMIT(r0) "r0 = 2\nexit\n" NONE, 2, 1, 7);
    proved(CHECKED(0) SUBMIT(r0) "r0 = 2\nexit\n" NONE, 2, 1, 0);
}

static void two_are_given_back_in_any_order(void **state)
{
    (void)state;
    static const char both[] = RESERVE(8) "r6 = r0\n" RESERVE(
        8) "r7 = r0\n"
           "if r6 == 0 goto one\nif r7 == 0 goto other\n"
           "*(u64 *)(r6 + 0) = 7\n*(u64 *)(r7 + 0) = 8\n" SUBMIT(r7)
               SUBMIT(r6) "r0 = 2\nexit\n"
                          "one: if r7 == 0 goto none\n" DISCARD(r7) "goto none\n"
                                                                    "other: " DISCARD(r6) NONE;
    proved(both, 2, 2, 7);
}

/* A function may give back what its caller has reserved, and be told of it by the stack. */
static void a_record_goes_through_stack_and_functions(void **state)
{
    (void)state;
    proved(CHECKED(8) "*(u64 *)(r10 - 8) = r0\nr1 = r10\nr1 += -8\ncall ends\nr0 = 2\nexit\n" NONE
                      "ends: r6 = *(u64 *)(r1 + 0)\n*(u64 *)(r6 + 0) = 7\n" SUBMIT(
                          r6) "r0 = 0\nexit\n",
           2, 1, 7);
    proved("call begins\nif r0 == 0 goto none\n*(u64 *)(r0 + 0) = 7\n" SUBMIT(
               r0) "r0 = 2\nexit\n" NONE "begins: " RESERVE(8) "exit\n",
           2, 1, 7);
}

static void each_round_of_a_loop_has_its_own(void **state)
{
    (void)state;
    proved("r6 = 5\nagain: " CHECKED(8) "*(u64 *)(r0 + 0) = 7\n" SUBMIT(
               r0) "r6 += -1\nif r6 != 0 goto again\nr0 = 2\nexit\n" NONE,
           2, 5, 7);
}

static void what_is_not_given_back_is_refused(void **state)
{
    (void)state;
    refused(RESERVE(8) "r0 = 2\nexit\n", 6, GIVES(2));
    refused(CHECKED(8) "r0 = 2\nexit\n" NONE, 7, GIVES(2));
    refused(
        CHECKED(8) "r6 = r0\ncall 7\nif r0 > 5 goto out\n" SUBMIT(r6) "out: r0 = 2\nexit\n" NONE,
        13, GIVES(2));
}

/* Where functions are called by helpers, each has to leave as much as it found. */
static void functions_that_helpers_call_leave_it_as_it_was(void **state)
{
    (void)state;
#define LOOP "r1 = 3\nr2 = body ll\nr3 = r10\nr3 += -8\nr4 = 0\ncall 181\n"
    refused("*(u64 *)(r10 - 8) = 0\n" LOOP "r0 = 2\nexit\n"
            "body: " RESERVE(8) "r0 = 0\nexit\n",
            16, GIVES(2));
    refused(CHECKED(8) "*(u64 *)(r10 - 8) = r0\n" LOOP "r0 = 2\nexit\n" NONE
                       "body: r6 = *(u64 *)(r2 + 0)\n" DISCARD(r6) "r0 = 0\nexit\n",
            23, FAULT(MEMORY, 21));
    proved("*(u64 *)(r10 - 8) = 0\n" LOOP "r0 = 2\nexit\n"
           "body: " RESERVE(8) "if r0 == 0 goto none\n*(u64 *)(r0 + 0) = 7\n" SUBMIT(
               r0) "r0 = 0\nexit\n"
                   "none: r0 = 1\nexit\n",
           2, 3, 7);
}

static void nothing_is_given_back_twice(void **state)
{
    (void)state;
    refused(CHECKED(8) "r6 = r0\n" DISCARD(r0) DISCARD(r6) "r0 = 2\nexit\n" NONE, 12,
            FAULT(MEMORY, 12));
    refused(CHECKED(8) "r6 = r0\n" DISCARD(r0) "r0 = *(u64 *)(r6 + 0)\nexit\n" NONE, 10,
            FAULT(MEMORY, 10));
    refused(CHECKED(8) "r6 = r0\n" DISCARD(r0) "*(u8 *)(r6 + 7) = 1\nr0 = 2\nexit\n" NONE, 10,
            FAULT(MEMORY, 10));
}

static void only_whole_records_are_given_back(void **state)
{
    (void)state;
    refused(CHECKED(16) "r0 += 8\n" DISCARD(r0) "r0 = 2\nexit\n" NONE, 9, FAULT(MEMORY, 9));
    refused("r1 = 5\nr2 = 0\ncall 132\nr0 = 0\nexit\n", 2, FAULT(MEMORY, 2));
    refused("r1 = r10\nr2 = 0\ncall 132\nr0 = 0\nexit\n", 2, FAULT(MEMORY, 2));
}

static void a_record_is_as_long_as_it_was_asked_for(void **state)
{
    (void)state;
    refused(CHECKED(8) "*(u8 *)(r0 + 8) = 1\n" DISCARD(r0) "r0 = 2\nexit\n" NONE, 6,
            FAULT(MEMORY, 6));
    refused(CHECKED(8) "*(u8 *)(r0 - 1) = 1\n" DISCARD(r0) "r0 = 2\nexit\n" NONE, 6,
            FAULT(MEMORY, 6));
    /* at a place that varies: proved if it is compared, else guarded */
    proved(CHECKED(8) "r6 = r0\ncall 7\nr0 &= 7\nr1 = r6\nr1 += r0\n*(u8 *)(r1 + 0) = 1\n" DISCARD(
               r6) "r0 = 2\nexit\n" NONE,
           2, 0, 0);
    guarded("r9 = r1\n" CHECKED(
                8) "r6 = r0\nr0 = *(u32 *)(r9 + 16)\nr0 &= 7\nr0 += 5\nr1 = r6\nr1 += r0\n"
                   "*(u8 *)(r1 + 0) = 1\n" DISCARD(r6) "r0 = 2\nexit\n" NONE,
            FAULT(MEMORY, 13), 0);
}

static void null_is_no_record(void **state)
{
    (void)state;
    /* there is no room for so much, and nobody looks */
    guarded(RESERVE(8192) "r6 = r0\n*(u64 *)(r0 + 0) = 7\n" SUBMIT(r6) "r0 = 2\nexit\n",
            FAULT(MEMORY, 6), 0);
    guarded(RESERVE(8192) SUBMIT(r0) "r0 = 2\nexit\n", FAULT(MEMORY, 7), 0);
    guarded(RESERVE(8) "*(u64 *)(r0 + 0) = 7\n" SUBMIT(r0) "r0 = 2\nexit\n", GIVES(2), 1);
}

static void lengths_that_vary_are_guarded(void **state)
{
    (void)state;
    guarded("call 7\nr6 = r0\nr6 &= 7\nr6 += 8\n" RING "r2 = r6\nr3 = 0\ncall 131\n"
            "if r0 == 0 goto none\n*(u64 *)(r0 + 0) = 7\n" SUBMIT(r0) "r0 = 2\nexit\n" NONE,
            GIVES(2), 1);
    /* and what is left is thrown away */
    guarded("call 7\nr6 = r0\nr6 &= 7\nr6 += 8\n" RING "r2 = r6\nr3 = 0\ncall 131\nr0 = 2\nexit\n",
            GIVES(2), 0);
}

static void a_fault_leaves_nothing_reserved(void **state)
{
    (void)state;
    /* the packet is shorter than that */
    guarded(
        "r9 = r1\n" CHECKED(8) "r6 = r0\nr7 = *(u32 *)(r9 + 0)\nr7 = *(u8 *)(r7 + 100)\n" SUBMIT(
            r6) "r0 = 2\nexit\n" NONE,
        FAULT(MEMORY, 9), 0);
    guarded(CHECKED(8) "r6 = r0\nagain: goto again\n" SUBMIT(r6) "r0 = 2\nexit\n" NONE,
            FAULT(FUEL, 7), 0);
}

static void more_than_a_run_can_hold_is_not_reserved(void **state)
{
    (void)state;
    static const char many[] = "r6 = 20\nr7 = 0\nagain: " RESERVE(
        8) "if r0 == 0 goto +1\nr7 += 1\nr6 += -1\nif r6 != 0 goto again\nr0 = r7\nexit\n";
    struct wn_map *ring = new_ring();
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &ring, .n_maps = 1};
    refuses(opts, many, 12);
    wn_map_free(ring);
    runs_as(WN_VERIFY_NONE, many, GIVES(16), 0, 0);
}

static void flags_are_the_kernels(void **state)
{
    (void)state;
    proved(RING
           "r2 = 8\nr3 = 1\ncall 131\nif r0 == 0 goto none\n" DISCARD(r0) "r0 = 2\nexit\n" NONE,
           99, 0, 0);
    /* nothing is returned */
    struct wn_map *ring = new_ring();
    struct wn_prog_opts opts = {.type = WN_PROG_XDP, .maps = &ring, .n_maps = 1};
    refuses(opts, CHECKED(8) SUBMIT(r0) "exit\n" NONE, 9);
    wn_map_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_written_and_given_to_the_reader),
        cmocka_unit_test(two_are_given_back_in_any_order),
        cmocka_unit_test(a_record_goes_through_stack_and_functions),
        cmocka_unit_test(each_round_of_a_loop_has_its_own),
        cmocka_unit_test(what_is_not_given_back_is_refused),
        cmocka_unit_test(functions_that_helpers_call_leave_it_as_it_was),
        cmocka_unit_test(nothing_is_given_back_twice),
        cmocka_unit_test(only_whole_records_are_given_back),
        cmocka_unit_test(a_record_is_as_long_as_it_was_asked_for),
        cmocka_unit_test(null_is_no_record),
        cmocka_unit_test(lengths_that_vary_are_guarded),
        cmocka_unit_test(a_fault_leaves_nothing_reserved),
        cmocka_unit_test(more_than_a_run_can_hold_is_not_reserved),
        cmocka_unit_test(flags_are_the_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
