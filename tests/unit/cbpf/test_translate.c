/* SPDX-License-Identifier: MIT */
/* The oracle for what classic programs mean is libpcap's own interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/bpf.h>

#include <winnow/prog.h>
#include <winnow/text.h>

#include "isa/isa.h"

enum { MAX_INSNS = 64, MAX_BYTES = 96, PACKETS = 4, LOOP_WORD = 15 };

/** Proved wholly, whatever the program, and with everything checked. */
static const struct way {
    enum wn_engine engine;
    enum wn_verify verify;
} ways[] = {
    {WN_ENGINE_REFERENCE, WN_VERIFY_STRICT}, {WN_ENGINE_INTERP, WN_VERIFY_STRICT},
    {WN_ENGINE_JIT, WN_VERIFY_STRICT},       {WN_ENGINE_INTERP, WN_VERIFY_NONE},
    {WN_ENGINE_JIT, WN_VERIFY_NONE},
};
enum { WAYS = sizeof ways / sizeof *ways };

static struct {
    uint64_t ns, most, programs;
} verified;

static uint64_t seed = 1;

/** Below n; xorshift64*. */
static uint32_t any(uint32_t n)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % n;
}

/** A constant such as programs have, and such as break them. */
static uint32_t any_constant(void)
{
    static const uint32_t odd[] = {0x7fffffff, 0x80000000, 0xffffffff, 0x7ffffffc, 0xffff, 0x7fff,
                                   0x8000,     0xffdfffff, 0xff,       0x800,      6,      31};
    switch (any(4)) {
    case 0: return odd[any(sizeof odd / sizeof *odd)];
    case 1: return (any(0x10000) << 16) | any(0x10000);
    }
    return any(MAX_BYTES + 4);
}

/** The place of a load: mostly inside the packet, never one of the kernel's extensions. */
static uint32_t any_place(void)
{
    uint32_t k = any(8) ? any(MAX_BYTES / 2) : any_constant();
    return k >= 0xffe00000 ? k - 0xffe00000 : k;
}

static struct bpf_insn any_load(void)
{
    static const uint16_t codes[] = {0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1};
    return (struct bpf_insn)BPF_STMT(codes[any(7)], any_place());
}

static struct bpf_insn any_alu(void)
{
    uint16_t op = (uint16_t)(any(11) << 4), x = any(2) ? BPF_X : BPF_K;
    uint32_t k = any_constant();
    if (op == BPF_NEG)
        x = 0;
    if (op == BPF_LSH || op == BPF_RSH)
        k %= 32; /* libpcap leaves to the processor what more than 31 means */
    if (k == 0 && (op == BPF_DIV || op == BPF_MOD))
        k = 1;
    return (struct bpf_insn)BPF_STMT((uint16_t)(BPF_ALU | op | x), k);
}

static struct bpf_insn any_simple(void)
{
    static const uint16_t codes[] = {BPF_LD | BPF_IMM,
                                     BPF_LDX | BPF_IMM,
                                     BPF_LD | BPF_LEN,
                                     BPF_LDX | BPF_LEN,
                                     BPF_MISC | BPF_TAX,
                                     BPF_MISC | BPF_TXA,
                                     BPF_LD | BPF_MEM,
                                     BPF_LDX | BPF_MEM,
                                     BPF_ST,
                                     BPF_STX};
    uint16_t code = codes[any(10)];
    bool word = (code & 0xe0) == BPF_MEM || BPF_CLASS(code) == BPF_ST || BPF_CLASS(code) == BPF_STX;
    return (struct bpf_insn)BPF_STMT(code, word ? any(LOOP_WORD) : any_constant());
}

/** A jump at i to something not behind last. */
static struct bpf_insn any_jump(uint32_t i, uint32_t last)
{
    static const uint16_t ops[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    uint32_t room = last - i;
    if (any(8) == 0)
        return (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, any(room));
    uint16_t code = (uint16_t)(BPF_JMP | ops[any(4)] | (any(3) ? BPF_K : BPF_X));
    return (struct bpf_insn)BPF_JUMP(code, any_constant(), (uint8_t)(any(2) ? any(room) : 0),
                                     (uint8_t)(any(2) ? any(room) : 0));
}

static struct bpf_insn any_insn(uint32_t i, uint32_t last)
{
    switch (any(8)) {
    case 0:
    case 1:
    case 2: return any_load();
    case 3: return any_alu();
    case 4:
    case 5: return i < last ? any_jump(i, last) : any_load();
    }
    return any_simple();
}

/** Give every word of M[] a value: what libpcap's has before the first store depends on the stack.
 */
static uint32_t put_words(struct bpf_insn *p)
{
    uint32_t n = 0;
    p[n++] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_IMM, any_constant());
    for (uint32_t k = 0; k < LOOP_WORD; k++)
        p[n++] = (struct bpf_insn)BPF_STMT(BPF_ST, k);
    p[n++] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_IMM, 1 + any(5));
    p[n++] = (struct bpf_insn)BPF_STMT(BPF_ST, LOOP_WORD);
    return n;
}

static uint32_t any_program(struct bpf_insn *p)
{
    bool initialised = any(2);
    uint32_t start = initialised ? put_words(p) : 0, n = start;
    uint32_t body = n + 1 + any(20);
    for (; n < body; n++) {
        p[n] = any_insn(n, body);
        while (!initialised && (p[n].code & 0xe7) == (BPF_LD | BPF_MEM))
            p[n] = any_simple();
        while (!initialised && (p[n].code & 0xe7) == (BPF_LDX | BPF_MEM))
            p[n] = (struct bpf_insn)BPF_STMT(BPF_LDX | BPF_LEN, 0);
    }
    if (initialised && any(2)) { /* round again, as often as M[15] says */
        p[n++] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_MEM, LOOP_WORD);
        p[n++] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1);
        p[n++] = (struct bpf_insn)BPF_STMT(BPF_ST, LOOP_WORD);
        p[n++] = (struct bpf_insn)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        p[n] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, start - n - 1);
        n++;
    }
    if (any(4) == 0)
        p[n++] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, any_constant());
    p[n++] = (struct bpf_insn)BPF_STMT(any(3) ? BPF_RET | BPF_A : BPF_RET | BPF_K, any(2));
    return n;
}

struct translated {
    struct wn_prog *prog[WAYS];
    struct wn_slot *slots;
    size_t count;
};

static void count_time(const struct wn_prog *prog)
{
    struct wn_prog_info info;
    wn_prog_info(prog, &info);
    verified.ns += info.verify_ns;
    verified.programs++;
    if (info.verify_ns > verified.most)
        verified.most = info.verify_ns;
}

static void say(const struct bpf_insn *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        print_message("{0x%02x, %u, %u, 0x%08x}, /* %u */\n", p[i].code, p[i].jt, p[i].jf, p[i].k,
                      i);
}

/** One that ends only by fuel is not proved; everything else is. */
static struct translated translate_any(const struct bpf_insn *p, uint32_t n, bool endless)
{
    struct translated t = {0};
    struct wn_error err = {0};
    struct wn_cbpf_insn *insns = calloc(n, sizeof *insns);
    for (uint32_t i = 0; i < n; i++)
        insns[i] = (struct wn_cbpf_insn){p[i].code, p[i].jt, p[i].jf, p[i].k};
    if (wn_cbpf_translate(insns, n, &t.slots, &t.count, &err))
        fail_msg("instruction %u: %s", err.at, err.text);
    free(insns);
    for (size_t i = 0; i < WAYS; i++) {
        struct wn_prog_opts opts = {.engine = ways[i].engine, .verify = ways[i].verify};
        if (endless && opts.verify == WN_VERIFY_STRICT)
            opts.verify = WN_VERIFY_GUARD;
        int r = wn_prog_new(t.slots, t.count, &opts, &t.prog[i], &err);
        if (r && !(r == WN_E_NOJIT && opts.engine == WN_ENGINE_JIT)) {
            say(p, n);
            fail_msg("slot %u: %s", err.at, err.text);
        }
        if (i == 0)
            count_time(t.prog[i]);
    }
    return t;
}

static struct translated translate(const struct bpf_insn *p, uint32_t n)
{
    return translate_any(p, n, false);
}

static void translated_free(struct translated *t)
{
    for (size_t i = 0; i < WAYS; i++)
        wn_prog_free(t->prog[i]);
    free(t->slots);
}

/** Every engine says of a packet what libpcap says. */
static void agree(const struct translated *t, const struct bpf_insn *p, uint32_t n,
                  struct wn_run *run, const uint8_t *data, uint32_t caplen, uint32_t wirelen)
{
    struct wn_packet pkt = {.data = data, .caplen = caplen, .wirelen = wirelen};
    uint32_t want = bpf_filter(p, data, wirelen, caplen);
    for (size_t i = 0; i < WAYS; i++) {
        if (!t->prog[i])
            continue;
        struct wn_result got = wn_prog_run(t->prog[i], run, &pkt);
        if (got.fault == WN_FAULT_NONE && got.value == want)
            continue;
        say(p, n);
        fail_msg("engine %d: %#llx, fault %s at slot %u; libpcap: %#x; %u of %u bytes",
                 (int)ways[i].engine, (unsigned long long)got.value,
                 wn_fault_name((enum wn_fault)got.fault), got.slot, want, caplen, wirelen);
    }
}

/** A packet whose memory ends where its bytes end, for the sanitizer's sake. */
static uint8_t *any_packet(uint32_t *caplen)
{
    *caplen = any(8) ? any(MAX_BYTES) : any(4);
    uint8_t *data = malloc(*caplen ? *caplen : 1);
    for (uint32_t i = 0; i < *caplen; i++)
        data[i] = (uint8_t)(any(2) ? any(256) : any(8));
    return data;
}

static void random_programs_give_what_libpcap_gives(void **state)
{
    (void)state;
    const char *rounds = getenv("WN_TEST_ROUNDS");
    long n_programs = rounds ? atol(rounds) : 20000;
    struct wn_run *run = wn_run_new();
    long accepted = 0;
    for (long round = 0; round < n_programs; round++) {
        struct bpf_insn p[MAX_INSNS];
        uint32_t n = any_program(p);
        assert_true(bpf_validate(p, (int)n));
        struct translated t = translate(p, n);
        for (int i = 0; i < PACKETS; i++) {
            uint32_t caplen;
            uint8_t *data = any_packet(&caplen);
            agree(&t, p, n, run, data, caplen, caplen + any(3));
            accepted += bpf_filter(p, data, caplen, caplen) != 0;
            free(data);
        }
        translated_free(&t);
    }
    /* Programs that reject everything would prove nothing. */
    assert_true(accepted > n_programs / 2);
    print_message("# %llu programs, verified in %llu ns each, %llu at most\n",
                  (unsigned long long)verified.programs,
                  (unsigned long long)(verified.ns / verified.programs),
                  (unsigned long long)verified.most);
    wn_run_free(run);
}

static void long_programs_reach_over_16_bits(void **state)
{
    (void)state;
    enum { LOADS = 20000, N = LOADS + 5 };
    struct bpf_insn *p = calloc(N, sizeof *p);
    p[0] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
    p[1] = (struct bpf_insn)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1);
    p[2] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, LOADS);
    for (uint32_t i = 0; i < LOADS; i++)
        p[3 + i] = (struct bpf_insn)BPF_STMT(BPF_LD | BPF_B | BPF_IND, i == LOADS - 1 ? 2 : 1);
    p[N - 2] = (struct bpf_insn)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 3);
    p[N - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_A, 0);
    struct translated t = translate(p, N);
    assert_true(t.count > 3 * INT16_MAX);
    struct wn_run *run = wn_run_new();
    const uint8_t jumps[] = {1, 4, 5}, walks[] = {0, 4, 5}, ends[] = {0, 4};
    agree(&t, p, N, run, jumps, 3, 3);
    agree(&t, p, N, run, walks, 3, 3);
    agree(&t, p, N, run, ends, 2, 2);
    agree(&t, p, N, run, ends, 1, 2);
    agree(&t, p, N, run, ends, 0, 2);
    wn_run_free(run);
    translated_free(&t);
    free(p);
}

static uint64_t value_of(const struct bpf_insn *p, uint32_t n, bool endless, uint32_t *fault)
{
    struct translated t = translate_any(p, n, endless);
    struct wn_run *run = wn_run_new();
    const uint8_t data[4] = {0x11, 0x22, 0x33, 0x44};
    struct wn_packet pkt = {.data = data, .caplen = 4, .wirelen = 100};
    struct wn_result first = {0};
    for (size_t i = 0; i < WAYS; i++) {
        if (!t.prog[i])
            continue;
        struct wn_result r = wn_prog_run(t.prog[i], run, &pkt);
        if (i == 0)
            first = r;
        assert_true(r.value == first.value);
        assert_int_equal(r.fault, first.fault);
    }
    wn_run_free(run);
    translated_free(&t);
    *fault = first.fault;
    return first.value;
}

#define VALUE(...)                                                                                 \
    ({                                                                                             \
        const struct bpf_insn value_p[] = {__VA_ARGS__};                                           \
        uint32_t value_fault;                                                                      \
        uint64_t value_is =                                                                        \
            value_of(value_p, sizeof value_p / sizeof *value_p, false, &value_fault);              \
        assert_int_equal(value_fault, WN_FAULT_NONE);                                              \
        value_is;                                                                                  \
    })

static void state_is_zero_before_the_first_store(void **state)
{
    (void)state;
    assert_int_equal(VALUE(BPF_STMT(BPF_RET | BPF_A, 0)), 0);
    assert_int_equal(VALUE(BPF_STMT(BPF_MISC | BPF_TXA, 0), BPF_STMT(BPF_RET | BPF_A, 0)), 0);
    for (uint32_t k = 0; k < 16; k++)
        assert_int_equal(VALUE(BPF_STMT(BPF_LD | BPF_MEM, k), BPF_STMT(BPF_RET | BPF_A, 0)), 0);
}

static void shifts_by_32_and_more_give_zero(void **state)
{
    (void)state;
    static const uint16_t ops[] = {BPF_LSH, BPF_RSH};
    for (int i = 0; i < 2; i++) {
        uint16_t op = (uint16_t)(BPF_ALU | ops[i]);
        for (uint32_t k = 31; k < 66; k++) {
            uint32_t want = k > 31 ? 0 : i ? 0x81234567u >> k : 0x81234567u << k;
            assert_int_equal(VALUE(BPF_STMT(BPF_LD | BPF_IMM, 0x81234567), BPF_STMT(op | BPF_K, k),
                                   BPF_STMT(BPF_RET | BPF_A, 0)),
                             want);
            assert_int_equal(VALUE(BPF_STMT(BPF_LD | BPF_IMM, 0x81234567),
                                   BPF_STMT(BPF_LDX | BPF_IMM, k), BPF_STMT(op | BPF_X, 0),
                                   BPF_STMT(BPF_RET | BPF_A, 0)),
                             want);
        }
    }
}

static void endless_loop_ends_by_fuel(void **state)
{
    (void)state;
    const struct bpf_insn p[] = {BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)-1),
                                 BPF_STMT(BPF_RET | BPF_K, 7)};
    uint32_t fault;
    assert_int_equal(value_of(p, 2, true, &fault), 0);
    assert_int_equal(fault, WN_FAULT_FUEL);
}

static void what_loads_beyond_every_packet_is_proved(void **state)
{
    (void)state;
    static const uint32_t far[] = {0x1fffffff, 0x20000000, 0x7ffffffc, 0x80000000, 0xffdfffff};
    for (unsigned i = 0; i < sizeof far / sizeof *far; i++) {
        assert_int_equal(
            VALUE(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, far[i]), BPF_STMT(BPF_RET | BPF_K, 1)), 0);
        assert_int_equal(VALUE(BPF_STMT(BPF_LDX | BPF_IMM, far[i]),
                               BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0x7ffffffd),
                               BPF_STMT(BPF_RET | BPF_K, 1)),
                         0);
    }
}

static void one_check_covers_what_every_way_to_acceptance_needs(void **state)
{
    (void)state;
    const struct bpf_insn p[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 1),           BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct translated t = translate(p, 6);
    int checks = 0;
    for (size_t i = 0; i < t.count; i++)
        if (t.slots[i].opcode == wn_rows[WN_OP_JLT64_K].opcode) {
            assert_int_equal(t.slots[i].imm, 24);
            checks++;
        }
    assert_int_equal(checks, 1);
    assert_int_equal(t.count, 10);
    translated_free(&t);
}

static void what_is_read_behind_a_backward_jump_is_initialised(void **state)
{
    (void)state;
    const struct bpf_insn p[] = {
        BPF_STMT(BPF_JMP | BPF_JA, 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
        BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)-2),
        BPF_STMT(BPF_RET | BPF_K, 1),
    };
    struct translated t = translate(p, 4);
    assert_int_equal(t.slots[0].opcode, wn_rows[WN_OP_MOV32_K].opcode);
    assert_int_equal(wn_slot_dst(t.slots[0]), WN_R0);
    translated_free(&t);
    assert_int_equal(VALUE(p[0], p[1], p[2], p[3]), 0);
}

static void malformed_programs_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct wn_cbpf_insn p[2];
        size_t n;
        int code;
        uint32_t at;
        const char *text;
    } cases[] = {
        {{{0}}, 0, WN_E_MALFORMED, WN_NOWHERE, "the program is empty"},
        {{{0x20, 0, 0, 0}}, 1, WN_E_MALFORMED, 0, "the last instruction is no return"},
        {{{0x06, 0, 0, 0}, {0xff, 0, 0, 0}}, 2, WN_E_MALFORMED, 1, "unknown classic opcode 0xff"},
        {{{0x38, 0, 0, 0}, {6, 0, 0, 0}}, 2, WN_E_MALFORMED, 0, "unknown classic opcode 0x38"},
        {{{0x0e, 0, 0, 0}}, 1, WN_E_MALFORMED, 0, "unknown classic opcode 0x0e"},
        {{{0x0120, 0, 0, 0}, {6, 0, 0, 0}}, 2, WN_E_MALFORMED, 0, "unknown classic opcode 0x120"},
        {{{0x60, 0, 0, 16}, {6, 0, 0, 0}},
         2,
         WN_E_MALFORMED,
         0,
         "M[16] does not exist: there are 16 words"},
        {{{0x03, 0, 0, 99}, {6, 0, 0, 0}},
         2,
         WN_E_MALFORMED,
         0,
         "M[99] does not exist: there are 16 words"},
        {{{0x34, 0, 0, 0}, {6, 0, 0, 0}}, 2, WN_E_MALFORMED, 0, "division by the constant 0"},
        {{{0x94, 0, 0, 0}, {6, 0, 0, 0}}, 2, WN_E_MALFORMED, 0, "division by the constant 0"},
        {{{0x15, 0, 1, 0}, {6, 0, 0, 0}}, 2, WN_E_MALFORMED, 0, "jump to 2, outside the program"},
        {{{0x05, 0, 0, 0xfffffffe}, {6, 0, 0, 0}},
         2,
         WN_E_MALFORMED,
         0,
         "jump to -1, outside the program"},
        {{{0x05, 0, 0, 0x7fffffff}, {6, 0, 0, 0}},
         2,
         WN_E_MALFORMED,
         0,
         "jump to 2147483648, outside the program"},
        {{{0x30, 0, 0, 0xfffff02c}, {6, 0, 0, 0}},
         2,
         WN_E_UNSUPPORTED,
         0,
         "offset 0xfffff02c is an extension of the Linux kernel, not a place in the packet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wn_slot *slots = NULL;
        size_t count = 0;
        struct wn_error err = {0};
        assert_int_equal(wn_cbpf_translate(cases[i].p, cases[i].n, &slots, &count, &err),
                         cases[i].code);
        assert_int_equal(err.at, cases[i].at);
        assert_string_equal(err.text, cases[i].text);
        assert_null(slots);
    }
}

static void programs_over_the_limit_are_refused(void **state)
{
    (void)state;
    enum { N = 100001 };
    struct wn_cbpf_insn *p = calloc(N, sizeof *p);
    for (uint32_t i = 0; i < N; i++)
        p[i].code = 6;
    struct wn_slot *slots = NULL;
    size_t count = 0;
    struct wn_error err = {0};
    assert_int_equal(wn_cbpf_translate(p, N, &slots, &count, &err), WN_E_LIMIT);
    assert_string_equal(err.text, "100001 classic instructions are more than the 100000 allowed");
    assert_int_equal(wn_cbpf_translate(p, N - 1, &slots, &count, NULL), 0);
    free(slots);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_programs_are_refused),
        cmocka_unit_test(programs_over_the_limit_are_refused),
        cmocka_unit_test(state_is_zero_before_the_first_store),
        cmocka_unit_test(shifts_by_32_and_more_give_zero),
        cmocka_unit_test(endless_loop_ends_by_fuel),
        cmocka_unit_test(what_loads_beyond_every_packet_is_proved),
        cmocka_unit_test(one_check_covers_what_every_way_to_acceptance_needs),
        cmocka_unit_test(what_is_read_behind_a_backward_jump_is_initialised),
        cmocka_unit_test(long_programs_reach_over_16_bits),
        cmocka_unit_test(random_programs_give_what_libpcap_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
