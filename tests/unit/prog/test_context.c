/* SPDX-License-Identifier: MIT */
/** Programs written for the kernel: contexts, the copy of the packet, and tail calls, on all
 * engines. */
#include <errno.h>

#include "../engines.h"

static void xdp_finds_packet_between_data_and_data_end(void **state)
{
    (void)state;
    gives(xdp,
          "r2 = *(u32 *)(r1 + 0)\n"
          "r3 = *(u32 *)(r1 + 4)\n"
          "r0 = r3\n"
          "r0 -= r2\n"
          "r4 = *(u8 *)(r2 + 14)\n"
          "r0 <<= 8\n"
          "r0 |= r4\n"
          "exit\n",
          60 << 8 | 0x45);
}

static void xdp_knows_interface_and_queue(void **state)
{
    (void)state;
    gives(xdp,
          "r0 = *(u32 *)(r1 + 12)\n"
          "r0 <<= 8\n"
          "r2 = *(u32 *)(r1 + 16)\n"
          "r0 |= r2\n"
          "exit\n",
          5 << 8 | 3);
}

static void xdp_may_write_its_packet_which_stays_as_it_was_outside(void **state)
{
    (void)state;
    uint8_t before[sizeof frame];
    memcpy(before, frame, sizeof frame);
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_XDP};
        struct wn_prog *prog = make("r2 = *(u32 *)(r1 + 0)\n"
                                    "*(u8 *)(r2 + 59) = 7\n"
                                    "r0 = 2\n"
                                    "exit\n",
                                    &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (prog) {
            uint32_t n;
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 2);
            const uint8_t *after = wn_run_packet(run, &n);
            assert_int_equal(n, sizeof frame);
            assert_int_equal(after[59], 7);
            assert_memory_equal(frame, before, sizeof frame);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

static void access_behind_data_end_faults(void **state)
{
    (void)state;
    is_wrong(xdp, "r2 = *(u32 *)(r1 + 4)\nr0 = *(u8 *)(r2 + 0)\nexit\n", WN_FAULT_MEMORY, 1);
    is_wrong(xdp, "r2 = *(u32 *)(r1 + 0)\n*(u8 *)(r2 - 1) = 0\nexit\n", WN_FAULT_MEMORY, 1);
    faults(xdp, "r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 60)\nexit\n", WN_FAULT_MEMORY, 1);
    faults(xdp, "r2 = *(u32 *)(r1 + 0)\n*(u32 *)(r2 + 57) = 0\nr0 = 2\nexit\n", WN_FAULT_MEMORY, 1);
    faults(xdp, "r2 = *(u32 *)(r1 + 4)\nr0 = *(u8 *)(r2 - 61)\nexit\n", WN_FAULT_MEMORY, 1);
}

static void context_fields_are_read_and_written_as_the_table_says(void **state)
{
    (void)state;
    is_wrong(xdp, "r0 = *(u32 *)(r1 + 20)\nexit\n", WN_FAULT_MEMORY, 0);
    is_wrong(xdp, "*(u32 *)(r1 + 0) = 1\nexit\n", WN_FAULT_MEMORY, 0);
    is_wrong(xdp, "r0 = *(u32 *)(r1 + 24)\nexit\n", WN_FAULT_MEMORY, 0);
    gives(tc, "*(u32 *)(r1 + 8) = 9\nr0 = *(u32 *)(r1 + 8)\nexit\n", 9);
    is_wrong(tc, "*(u32 *)(r1 + 0) = 9\nexit\n", WN_FAULT_MEMORY, 0);
    is_wrong(sock, "*(u32 *)(r1 + 8) = 9\nexit\n", WN_FAULT_MEMORY, 0);
    gives(sock, "*(u32 *)(r1 + 64) = 9\nr0 = *(u32 *)(r1 + 64)\nexit\n", 9);
    is_wrong(sock, "r0 = *(u32 *)(r1 + 76)\nexit\n", WN_FAULT_MEMORY, 0);
}

static void skb_has_length_protocol_and_packet_type(void **state)
{
    (void)state;
    gives(tc, "r0 = *(u32 *)(r1 + 0)\nexit\n", 1500);
    gives(tc, "r0 = *(u32 *)(r1 + 16)\nr0 = be16 r0\nexit\n", 0x0800);
    gives(sock, "r0 = *(u32 *)(r1 + 4)\nexit\n", 1);
    gives((struct wn_prog_opts){.type = WN_PROG_SOCKET, .flags = WN_PROG_COOKED},
          "r0 = *(u32 *)(r1 + 0)\nexit\n", 1500 - 14);
    gives(tc, "r0 = *(u64 *)(r1 + 152)\nexit\n", 77);
}

static void packet_loads_count_from_frame_or_header(void **state)
{
    (void)state;
    struct wn_prog_opts cooked = {.type = WN_PROG_SOCKET, .flags = WN_PROG_COOKED};
    gives(sock, "r6 = r1\nr0 = *(u8 *)skb[14]\nexit\n", 0x45);
    gives(cooked, "r6 = r1\nr0 = *(u8 *)skb[0]\nexit\n", 0x45);
    gives(cooked, "r6 = r1\nr0 = *(u16 *)skb[-0x1ffff4]\nexit\n", 0x0800); /* SKF_LL_OFF + 12 */
    gives(sock, "r6 = r1\nr0 = *(u8 *)skb[-0x100000]\nexit\n", 0x45);      /* SKF_NET_OFF */
}

static void skb_load_bytes_copies_or_clears(void **state)
{
    (void)state;
    static const char *const text = "r2 = %s\nr3 = r10\nr3 += -8\n*(u64 *)(r10 - 8) = -1\n"
                                    "r4 = 2\ncall 26\nr1 = *(u16 *)(r10 - 8)\nr1 = be16 r1\n"
                                    "r0 <<= 16\nr0 |= r1\nexit\n";
    char inside[256], outside[256];
    snprintf(inside, sizeof inside, text, "12");
    snprintf(outside, sizeof outside, text, "59");
    gives(tc, inside, 0x0800);
    gives(tc, outside, (uint64_t)-14 << 16);
    is_wrong(tc, "r2 = 0\nr3 = 0\nr4 = 4\ncall 26\nexit\n", WN_FAULT_MEMORY, 3);
    is_wrong(tc, "r1 = 1\nr2 = 0\nr3 = r10\nr3 += -8\nr4 = 4\ncall 26\nexit\n", WN_FAULT_MEMORY, 5);
}

/** Length after moving an end, or the error. */
static const char *const adjust = "r6 = r1\n"
                                  "r2 = %d\n"
                                  "call %d\n"
                                  "if r0 != 0 goto out\n"
                                  "r2 = *(u32 *)(r6 + 0)\n"
                                  "r0 = *(u32 *)(r6 + 4)\n"
                                  "r0 -= r2\n"
                                  "out: exit\n";

static void adjusting(int helper, int by, uint64_t result)
{
    char text[256];
    snprintf(text, sizeof text, adjust, by, helper);
    gives(xdp, text, result);
}

static void packet_moves_as_far_as_the_kernel_lets_it(void **state)
{
    (void)state;
    const uint64_t invalid = (uint64_t)-22;
    adjusting(44, -216, 276);
    adjusting(44, -217, invalid);
    adjusting(44, 46, 14);
    adjusting(44, 47, invalid);
    adjusting(65, -46, 14);
    adjusting(65, -47, invalid);
    adjusting(65, 3460, 3520);
    adjusting(65, 3461, invalid);
}

static void csum_diff_folds(void **state)
{
    (void)state;
    gives(tc,
          "*(u32 *)(r10 - 4) = 0x01020304\n"
          "r1 = 0\nr2 = 0\nr3 = r10\nr3 += -4\nr4 = 4\nr5 = 1\n"
          "call 28\nexit\n",
          0x0102 + 0x0304 + 1);
}

static void redirect_names_the_interface(void **state)
{
    (void)state;
    gives(xdp, "r1 = 9\nr2 = 0\ncall 23\nexit\n", 4);
    gives(xdp, "r1 = 9\nr2 = 1\ncall 23\nexit\n", 0);
    gives(tc, "r1 = 9\nr2 = 1\ncall 23\nexit\n", 7);
    gives(tc, "r1 = 9\nr2 = 8\ncall 23\nexit\n", 2);
}

static void helpers_of_other_types_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        enum wn_prog_type type;
        int helper;
        const char *text;
    } cases[] = {
        {WN_PROG_TC, 44,
         "helper 44 (bpf_xdp_adjust_head) is not for programs of type tc; types that may call it: "
         "xdp"},
        {WN_PROG_XDP, 198, "helper 198 (bpf_ringbuf_reserve_dynptr) is not provided yet"},
        {WN_PROG_XDP, 9999,
         "helper 9999 is not provided; numbers are the kernel's, see bpf-helpers(7)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct wn_slot slots[] = {{.opcode = 0x85, .imm = cases[i].helper}, {.opcode = 0x95}};
        struct wn_prog_opts opts = {.type = cases[i].type};
        struct wn_prog *prog = NULL;
        struct wn_error err = {0};
        assert_int_equal(wn_prog_new(slots, 2, &opts, &prog, &err), WN_E_UNSUPPORTED);
        assert_string_equal(err.text, cases[i].text);
    }
}

/* ---- maps and tail calls */

static void map_values_are_reached_and_kept(void **state)
{
    (void)state;
    static const char *const count = "*(u32 *)(r10 - 4) = 1\n"
                                     "r1 = map_fd(0) ll\n"
                                     "r2 = r10\nr2 += -4\n"
                                     "call 1\n"
                                     "if r0 == 0 goto out\n"
                                     "r1 = 1\n"
                                     "lock *(u64 *)(r0 + 0) += r1\n"
                                     "r0 = *(u64 *)(r0 + 0)\n"
                                     "out: exit\n";
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = NULL;
        struct wn_map_opts of = {
            .type = WN_MAP_ARRAY, .key_bytes = 4, .value_bytes = 8, .max_entries = 2};
        assert_int_equal(wn_map_new(&of, &map, NULL), 0);
        struct wn_prog_opts opts = {.engine = engines[i], .maps = &map, .n_maps = 1};
        struct wn_prog *prog = make(count, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        uint64_t value = 0;
        uint32_t key = 1;
        if (prog) {
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 1);
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 2);
            assert_int_equal(wn_map_lookup(map, &key, &value), 0);
            assert_int_equal(value, 2);
        }
        wn_run_free(run);
        wn_prog_free(prog);
        wn_map_free(map);
    }
}

/** Two programs and the array by which the first calls the second; all of one engine. */
struct pair {
    struct wn_map *map;
    struct wn_prog *first, *second;
    struct wn_run *run;
};

static struct pair make_pair(enum wn_engine engine, enum wn_verify verify, const char *first,
                             const char *second)
{
    struct pair p = {0};
    struct wn_map_opts of = {
        .type = WN_MAP_PROG_ARRAY, .key_bytes = 4, .value_bytes = 4, .max_entries = 4};
    assert_int_equal(wn_map_new(&of, &p.map, NULL), 0);
    struct wn_prog_opts opts = {.engine = engine,
                                .verify = verify,
                                .type = WN_PROG_XDP,
                                .maps = &p.map,
                                .n_maps = 1,
                                .fuel = 5000};
    p.first = make(first, &opts);
    p.second = make(second, &opts);
    p.run = wn_run_new();
    if (p.second)
        assert_int_equal(wn_map_set_prog(p.map, 2, p.second), 0);
    return p;
}

static void free_pair(struct pair *p)
{
    wn_run_free(p->run);
    wn_prog_free(p->first);
    wn_prog_free(p->second);
    wn_map_free(p->map);
}

static void runs_pair(const char *first, const char *second, struct wn_result wanted, bool behind)
{
    for (unsigned i = 0; i < 2 * ENGINES; i++) {
        struct pair p =
            make_pair(engines[i / 2], i % 2 ? WN_VERIFY_NONE : WN_VERIFY_GUARD, first, second);
        struct wn_packet pkt = packet();
        for (int again = 0; p.first && again < 2; again++) {
            struct wn_result r = wn_prog_run(p.first, p.run, &pkt);
            assert_int_equal(r.fault, wanted.fault);
            assert_int_equal(r.value, wanted.value);
            assert_int_equal(r.slot, wanted.slot);
            assert_ptr_equal(wn_run_fault_prog(p.run), behind ? p.second : NULL);
        }
        free_pair(&p);
    }
}

#define TAIL_CALL(index) "r2 = map_fd(0) ll\nr3 = " #index "\ncall 12\n"

static void tail_call_takes_the_place_of_its_function(void **state)
{
    (void)state;
    static const char *const target = "r0 = *(u32 *)(r1 + 12)\nr0 += 100\nexit\n";
    runs_pair(TAIL_CALL(2) "r0 = 1\nexit\n", target, (struct wn_result){.value = 105}, false);
    /* Within a function of the program: its caller goes on, with its own stack. */
    runs_pair("*(u64 *)(r10 - 8) = 7\ncall f\nr1 = *(u64 *)(r10 - 8)\nr0 += r1\nexit\n"
              "f: *(u64 *)(r10 - 8) = 9\n" TAIL_CALL(2) "r0 = 1\nexit\n",
              "*(u64 *)(r10 - 8) = 3\n*(u64 *)(r10 - 512) = 3\nr0 = 5\nexit\n",
              (struct wn_result){.value = 12}, false);
}

static void tail_call_of_nothing_goes_on(void **state)
{
    (void)state;
    static const char *const target = "r0 = 5\nexit\n";
    runs_pair(TAIL_CALL(1) "r0 = 1\nexit\n", target, (struct wn_result){.value = 1}, false);
    runs_pair(TAIL_CALL(4) "r0 = 1\nexit\n", target, (struct wn_result){.value = 1}, false);
    runs_pair(TAIL_CALL(-1) "r0 = 1\nexit\n", target, (struct wn_result){.value = 1}, false);
}

static void tail_calls_are_33_at_most(void **state)
{
    (void)state;
    runs_pair(TAIL_CALL(2) "r0 = 1\nexit\n",
              "r2 = *(u32 *)(r1 + 0)\nr4 = *(u8 *)(r2 + 0)\nr4 += 1\n*(u8 *)(r2 + 0) = r4\n"
              "r6 = r4\n" TAIL_CALL(2) "r0 = r6\nexit\n",
              (struct wn_result){.value = (0xff + 33) & 0xff}, false);
}

static void fault_behind_a_tail_call_names_its_program(void **state)
{
    (void)state;
    runs_pair(TAIL_CALL(2) "r0 = 1\nexit\n", "r0 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r0 + 60)\nexit\n",
              (struct wn_result){.fault = WN_FAULT_MEMORY, .slot = 1}, true);
    runs_pair(TAIL_CALL(2) "r0 = 1\nexit\n", "goto -1\nexit\n",
              (struct wn_result){.fault = WN_FAULT_FUEL, .slot = 0}, true);
}

static void fault_behind_a_proved_tail_call_is_one(void **state)
{
    (void)state;
    runs_pair(TAIL_CALL(2) "r0 = 1\nexit\n",
              "r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 3000)\nexit\n",
              (struct wn_result){.fault = WN_FAULT_MEMORY, .slot = 1}, true);
}

static void what_is_no_map_faults(void **state)
{
    (void)state;
    is_wrong(xdp, "r1 = 0\nr2 = r10\nr2 += -4\ncall 1\nexit\n", WN_FAULT_MEMORY, 3);
}

static void nothing_of_another_program_is_within_reach(void **state)
{
    (void)state;
    static const char *const count = "*(u32 *)(r10 - 4) = 0\nr1 = 0xf0c1000000000000 ll\nr2 = r10\n"
                                     "r2 += -4\ncall 1\nexit\n";
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_map *map = NULL;
        struct wn_map_opts of = {
            .type = WN_MAP_ARRAY, .key_bytes = 4, .value_bytes = 8, .max_entries = 2};
        assert_int_equal(wn_map_new(&of, &map, NULL), 0);
        struct wn_prog_opts opts = {
            .engine = engines[i], .verify = WN_VERIFY_NONE, .maps = &map, .n_maps = 1};
        refuses(opts, count, 5);
        struct wn_prog *with = make(count, &opts);
        opts.n_maps = 0;
        struct wn_prog *without = make(count, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        if (with) {
            assert_int_not_equal(wn_prog_run(with, run, &pkt).value, 0);
            wn_prog_free(with);
            wn_map_free(map);
            map = NULL;
            struct wn_result r = wn_prog_run(without, run, &pkt);
            assert_int_equal(r.fault, WN_FAULT_MEMORY);
            assert_int_equal(r.slot, 5);
        }
        wn_run_free(run);
        wn_prog_free(without);
        wn_map_free(map);
    }
}

static void what_a_run_has_left_may_be_the_next_ones_packet(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i], .type = WN_PROG_XDP};
        struct wn_prog *prog = make("r2 = -20\ncall 44\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        uint8_t zeros[60] = {0};
        for (unsigned k = 1; prog && k <= 3; k++) {
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, 0);
            pkt.data = wn_run_packet(run, &pkt.caplen);
            pkt.wirelen = pkt.caplen;
            assert_int_equal(pkt.caplen, sizeof frame + k * 20);
            assert_memory_equal(pkt.data, zeros, k * 20);
            assert_memory_equal(pkt.data + k * 20, frame, sizeof frame);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** What only reads is given the packet where it lies, however long it is. */
static void a_packet_too_long_to_copy_faults(void **state)
{
    (void)state;
    static uint8_t huge[(256 << 10) + 1];
    static const char *const reads = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\n"
                                     "r0 = *(u8 *)(r3 - 1)\nr3 -= r2\nr0 += r3\nexit\n",
                             *const writes = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\n"
                                             "r0 = *(u8 *)(r3 - 1)\n*(u8 *)(r3 - 1) = r0\n"
                                             "r3 -= r2\nr0 += r3\nexit\n";
    for (unsigned i = 0; i < 3 * ENGINES; i++) {
        struct wn_prog_opts opts = {.engine = engines[i / 3],
                                    .verify = i % 3 == 0 ? WN_VERIFY_NONE : WN_VERIFY_GUARD,
                                    .type = WN_PROG_XDP};
        bool in_place = i % 3 == 1 && opts.engine != WN_ENGINE_REFERENCE;
        struct wn_prog *prog = make(i % 3 == 2 ? writes : reads, &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = {.data = huge, .caplen = sizeof huge, .wirelen = sizeof huge};
        uint32_t n = 1;
        huge[sizeof huge - 1] = 5;
        huge[sizeof huge - 2] = 7;
        if (prog) {
            struct wn_prog_info info;
            wn_prog_info(prog, &info);
            assert_int_equal(info.in_place, in_place);
            struct wn_result r = wn_prog_run(prog, run, &pkt);
            assert_int_equal(r.fault, in_place ? WN_FAULT_NONE : WN_FAULT_MEMORY);
            assert_int_equal(r.value, in_place ? pkt.caplen + 5 : 0);
            assert_ptr_equal(wn_run_packet(run, &n), in_place ? huge : NULL);
            assert_int_equal(n, in_place ? sizeof huge : 0);
            pkt.caplen--;
            assert_int_equal(wn_prog_run(prog, run, &pkt).value, pkt.caplen + 7);
        }
        wn_run_free(run);
        wn_prog_free(prog);
    }
}

/** An address in the packet, which a socket program is not told but may find out. */
static void socket_programs_may_read_their_packet_but_not_write(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct wn_prog_opts opts = {
            .engine = engines[i], .verify = WN_VERIFY_NONE, .type = WN_PROG_SOCKET};
        struct wn_prog *none = make("r0 = 1\nexit\n", &opts);
        struct wn_run *run = wn_run_new();
        struct wn_packet pkt = packet();
        char text[128];
        uint32_t n;
        if (none) {
            assert_int_equal(wn_prog_run(none, run, &pkt).value, 1);
            uint64_t at = (uint64_t)(uintptr_t)wn_run_packet(run, &n);
            snprintf(text, sizeof text, "r2 = %llu ll\nr0 = *(u8 *)(r2 + 14)\nexit\n",
                     (unsigned long long)at);
            struct wn_prog *reads = make(text, &opts);
            assert_int_equal(wn_prog_run(reads, run, &pkt).value, 0x45);
            snprintf(text, sizeof text, "r2 = %llu ll\n*(u8 *)(r2 + 14) = 1\nexit\n",
                     (unsigned long long)at);
            struct wn_prog *writes = make(text, &opts);
            assert_int_equal(wn_prog_run(writes, run, &pkt).fault, WN_FAULT_MEMORY);
            wn_prog_free(reads);
            wn_prog_free(writes);
        }
        wn_run_free(run);
        wn_prog_free(none);
    }
}

static void packet_loads_of_far_offsets_find_nothing(void **state)
{
    (void)state;
    struct wn_prog_opts cooked = {.type = WN_PROG_SOCKET, .flags = WN_PROG_COOKED};
    gives(cooked, "r6 = r1\nr0 = *(u8 *)skb[0x7fffffff]\nr0 = 1\nexit\n", 0);
    gives(sock, "r6 = r1\nr0 = *(u8 *)skb[-0x80000000]\nr0 = 1\nexit\n", 0);
    gives(sock, "r6 = r1\nr0 = *(u8 *)skb[-1]\nr0 = 1\nexit\n", 0);
}

static void a_program_of_another_type_is_not_called(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct pair p =
            make_pair(engines[i], WN_VERIFY_GUARD, TAIL_CALL(2) "r0 = 1\nexit\n", "r0 = 5\nexit\n");
        struct wn_prog_opts opts = {
            .engine = engines[i], .type = WN_PROG_TC, .maps = &p.map, .n_maps = 1};
        struct wn_prog *other = make(TAIL_CALL(2) "r0 = 1\nexit\n", &opts);
        struct wn_packet pkt = packet();
        if (other) {
            assert_int_equal(wn_map_set_prog(p.map, 1, other), -EINVAL);
            assert_int_equal(wn_prog_run(other, p.run, &pkt).value, 1);
            assert_int_equal(wn_prog_run(p.first, p.run, &pkt).value, 5);
        }
        wn_prog_free(other);
        free_pair(&p);
    }
}

static void a_later_fault_is_not_blamed_on_a_tail_call(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ENGINES; i++) {
        struct pair p = make_pair(engines[i], WN_VERIFY_GUARD, TAIL_CALL(2) "r0 = 1\nexit\n",
                                  "r0 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r0 + 60)\nexit\n");
        struct wn_prog_opts opts = {.engine = engines[i]};
        struct wn_prog *filter = make("r0 = *(u8 *)(r1 + 60)\nexit\n", &opts);
        struct wn_packet pkt = packet();
        if (filter) {
            assert_int_equal(wn_prog_run(p.first, p.run, &pkt).fault, WN_FAULT_MEMORY);
            assert_ptr_equal(wn_run_fault_prog(p.run), p.second);
            assert_int_equal(wn_prog_run(filter, p.run, &pkt).fault, WN_FAULT_MEMORY);
            assert_null(wn_run_fault_prog(p.run));
        }
        wn_prog_free(filter);
        free_pair(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xdp_finds_packet_between_data_and_data_end),
        cmocka_unit_test(xdp_knows_interface_and_queue),
        cmocka_unit_test(xdp_may_write_its_packet_which_stays_as_it_was_outside),
        cmocka_unit_test(access_behind_data_end_faults),
        cmocka_unit_test(context_fields_are_read_and_written_as_the_table_says),
        cmocka_unit_test(skb_has_length_protocol_and_packet_type),
        cmocka_unit_test(packet_loads_count_from_frame_or_header),
        cmocka_unit_test(skb_load_bytes_copies_or_clears),
        cmocka_unit_test(packet_moves_as_far_as_the_kernel_lets_it),
        cmocka_unit_test(csum_diff_folds),
        cmocka_unit_test(redirect_names_the_interface),
        cmocka_unit_test(helpers_of_other_types_are_refused_by_name),
        cmocka_unit_test(map_values_are_reached_and_kept),
        cmocka_unit_test(tail_call_takes_the_place_of_its_function),
        cmocka_unit_test(tail_call_of_nothing_goes_on),
        cmocka_unit_test(tail_calls_are_33_at_most),
        cmocka_unit_test(fault_behind_a_tail_call_names_its_program),
        cmocka_unit_test(fault_behind_a_proved_tail_call_is_one),
        cmocka_unit_test(what_is_no_map_faults),
        cmocka_unit_test(nothing_of_another_program_is_within_reach),
        cmocka_unit_test(what_a_run_has_left_may_be_the_next_ones_packet),
        cmocka_unit_test(a_packet_too_long_to_copy_faults),
        cmocka_unit_test(socket_programs_may_read_their_packet_but_not_write),
        cmocka_unit_test(packet_loads_of_far_offsets_find_nothing),
        cmocka_unit_test(a_program_of_another_type_is_not_called),
        cmocka_unit_test(a_later_fault_is_not_blamed_on_a_tail_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
