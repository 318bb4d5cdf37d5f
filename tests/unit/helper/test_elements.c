/* SPDX-License-Identifier: MIT */
/** bpf_for_each_map_elem(): what its function is shown, and may do with it. */
#include "../engines.h"

enum { ENTRIES = 3 };

#define EACH(data, flags)                                                                          \
    "r1 = map_fd(0) ll\nr2 = body ll\nr3 = " data "\nr4 = " flags "\ncall 164\n"
#define SUM_IS0     "*(u64 *)(r10 - 8) = 0\n"
#define AT_SUM      "r10\nr3 += -8"
#define SUM         "r0 = *(u64 *)(r10 - 8)\nexit\n"
#define GIVES(n)    ((struct wn_result){.value = (uint64_t)(n)})
#define FAULT(f, s) ((struct wn_result){.fault = WN_FAULT_##f, .slot = (s)})

/** Elements 0, 1 and 2, with values 10, 11 and 12. */
static struct wn_map *new_map(enum wn_map_type type)
{
    struct wn_map_opts of = {.type = type,
                             .key_bytes = 4,
                             .value_bytes = type == WN_MAP_PROG_ARRAY ? 4 : 8,
                             .max_entries = ENTRIES};
    struct wn_map *map = NULL;
    assert_int_equal(wn_map_new(&of, &map, NULL), 0);
    for (uint32_t key = 0; key < ENTRIES && type != WN_MAP_PROG_ARRAY; key++) {
        uint64_t value = 10 + key;
        assert_int_equal(wn_map_update(map, &key, &value, 0), 0);
    }
    return map;
}

static struct wn_prog_opts options(struct wn_map **map, enum wn_verify verify)
{
    return (struct wn_prog_opts){.type = WN_PROG_XDP, .verify = verify, .maps = map, .n_maps = 1};
}

static void runs_as(enum wn_map_type type, enum wn_verify verify, const char *text,
                    struct wn_result wanted)
{
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = new_map(type);
        struct wn_prog_opts opts = options(&map, verify);
        opts.engine = engines[i];
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

static const enum wn_map_type types[] = {WN_MAP_ARRAY,    WN_MAP_PERCPU_ARRAY,
                                         WN_MAP_HASH,     WN_MAP_PERCPU_HASH,
                                         WN_MAP_LRU_HASH, WN_MAP_LRU_PERCPU_HASH};
enum { TYPES = sizeof types / sizeof *types };

/** All is proved but the calls, which spend fuel. */
static void gives_everywhere(const char *text, uint64_t value)
{
    for (size_t t = 0; t < TYPES; t++) {
        runs_as(types[t], WN_VERIFY_GUARD, text, GIVES(value));
        runs_as(types[t], WN_VERIFY_STRICT, text, GIVES(value));
        runs_as(types[t], WN_VERIFY_NONE, text, GIVES(value));
    }
}

static void refused(enum wn_map_type type, const char *text, uint32_t slot, struct wn_result wanted)
{
    struct wn_map *map = new_map(type);
    refuses(options(&map, WN_VERIFY_GUARD), text, slot);
    wn_map_free(map);
    runs_as(type, WN_VERIFY_NONE, text, wanted);
}

static void all_elements_are_shown(void **state)
{
    (void)state;
    gives_everywhere(SUM_IS0 EACH(AT_SUM, "0") SUM
                     "body: r1 = *(u64 *)(r3 + 0)\nr2 = *(u32 *)(r2 + 0)\nr2 *= 100\nr1 += r2\n"
                     "r2 = *(u64 *)(r4 + 0)\nr2 += r1\n*(u64 *)(r4 + 0) = r2\nr0 = 0\nexit\n",
                     10 + 111 + 212);
    gives_everywhere(EACH("0", "0") "exit\nbody: r0 = 0\nexit\n", 3);
    gives_everywhere(EACH("0", "0") "exit\nbody: r0 = 1\nexit\n", 1);
}

static void values_can_be_changed(void **state)
{
    (void)state;
    gives_everywhere(
        SUM_IS0 EACH(
            "0", "0") "r1 = map_fd(0) ll\nr2 = sums ll\nr3 = r10\nr3 += -8\nr4 = 0\ncall 164\n" SUM
                      "body: *(u64 *)(r3 + 0) = 5\nr0 = 0\nexit\n"
                      "sums: r1 = *(u64 *)(r3 + 0)\nr2 = *(u64 *)(r4 + 0)\nr2 += r1\n"
                      "*(u64 *)(r4 + 0) = r2\nr0 = 0\nexit\n",
        15);
}

/* The map is the function's first argument, the key is where helpers can read it. */
static void elements_can_be_deleted_meanwhile(void **state)
{
    (void)state;
    static const char deletes[] =
        EACH("0", "0") "r6 = r0\n" EACH("0", "0") "r6 *= 10\nr0 += r6\nexit\n"
                                                  "body: call 3\nr0 = 0\nexit\n";
    for (size_t t = 2; t < TYPES; t++) {
        runs_as(types[t], WN_VERIFY_STRICT, deletes, GIVES(30));
        runs_as(types[t], WN_VERIFY_NONE, deletes, GIVES(30));
    }
}

static void arrays_go_in_order(void **state)
{
    (void)state;
    static const char order[] = SUM_IS0 EACH(AT_SUM, "0") SUM
        "body: r1 = *(u32 *)(r2 + 0)\nr1 += 1\nr2 = *(u64 *)(r4 + 0)\nr2 *= 10\nr2 += r1\n"
        "*(u64 *)(r4 + 0) = r2\nr0 = 0\nexit\n";
    runs_as(WN_MAP_ARRAY, WN_VERIFY_STRICT, order, GIVES(123));
    runs_as(WN_MAP_PERCPU_ARRAY, WN_VERIFY_NONE, order, GIVES(123));
}

static void one_lies_within_another(void **state)
{
    (void)state;
    gives_everywhere(
        SUM_IS0 EACH(AT_SUM, "0") SUM
        "body: r5 = r2\nr3 = r4\nr4 = 0\nr2 = inner ll\n*(u64 *)(r10 - 8) = r5\nr6 = r5\n"
        "call 164\nr0 = *(u32 *)(r6 + 0)\nr0 = 0\nexit\n"
        "inner: r1 = *(u32 *)(r2 + 0)\nr2 = *(u64 *)(r4 + 0)\nr2 += r1\n"
        "*(u64 *)(r4 + 0) = r2\nr0 = 0\nexit\n",
        9);
}

static void flags_are_refused(void **state)
{
    (void)state;
    gives_everywhere(EACH("0", "1") "exit\nbody: r0 = 0\nexit\n", (uint64_t)-22);
}

static void keys_are_only_read_and_no_further(void **state)
{
    (void)state;
    refused(WN_MAP_HASH, EACH("0", "0") "exit\nbody: *(u32 *)(r2 + 0) = 1\nr0 = 0\nexit\n", 8,
            FAULT(MEMORY, 8));
    refused(WN_MAP_HASH, EACH("0", "0") "exit\nbody: r1 = *(u8 *)(r2 + 4)\nr0 = 0\nexit\n", 8,
            FAULT(MEMORY, 8));
    refused(WN_MAP_ARRAY, EACH("0", "0") "exit\nbody: r1 = *(u64 *)(r2 + 0)\nr0 = 0\nexit\n", 8,
            FAULT(MEMORY, 8));
}

/* Whoever keeps a key has it no longer when the function has returned. */
static void keys_last_as_long_as_the_function(void **state)
{
    (void)state;
    static const char kept[] = SUM_IS0 EACH(
        AT_SUM, "0") "r1 = *(u64 *)(r10 - 8)\nif r1 == 0 goto +1\nr0 = *(u32 *)(r1 + 0)\n"
                     "exit\nbody: *(u64 *)(r4 + 0) = r2\nr0 = 0\nexit\n";
    struct wn_map *map = new_map(WN_MAP_HASH);
    struct wn_prog_opts opts = options(&map, WN_VERIFY_STRICT);
    struct wn_prog *prog = NULL;
    struct wn_error err = {0};
    size_t n = 0;
    struct wn_slot *slots = assemble(kept, &n);
    assert_int_equal(wn_prog_new(slots, n, &opts, &prog, &err), WN_E_REJECTED);
    free(slots);
    wn_map_free(map);
    runs_as(WN_MAP_HASH, WN_VERIFY_GUARD, kept, FAULT(MEMORY, 11));
    runs_as(WN_MAP_HASH, WN_VERIFY_NONE, kept, FAULT(MEMORY, 11));
}

static void other_maps_are_refused(void **state)
{
    (void)state;
    refused(WN_MAP_PROG_ARRAY, EACH("0", "0") "exit\nbody: r0 = 0\nexit\n", 6, FAULT(MEMORY, 6));
    refused(WN_MAP_HASH,
            "r1 = 0\nr2 = body ll\nr3 = 0\nr4 = 0\ncall 164\nexit\nbody: r0 = 0\nexit\n", 5,
            FAULT(MEMORY, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_elements_are_shown),
        cmocka_unit_test(values_can_be_changed),
        cmocka_unit_test(elements_can_be_deleted_meanwhile),
        cmocka_unit_test(arrays_go_in_order),
        cmocka_unit_test(one_lies_within_another),
        cmocka_unit_test(flags_are_refused),
        cmocka_unit_test(keys_are_only_read_and_no_further),
        cmocka_unit_test(keys_last_as_long_as_the_function),
        cmocka_unit_test(other_maps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
