/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <errno.h>
#include <stdlib.h>

#include <winnow/build.h>
#include <winnow/text.h>

enum { PASS = 2, DROP = 1 }; /* of enum xdp_action */

#define ETHER   14
#define HEADERS 38 /* Ethernet, IPv4 without options, ports */

/**
 * What XDP programs begin with: r2 is the packet, r3 its end, and so many bytes
 * are there; shorter packets pass. Returns the label of the end, where r0 is given
 * back.
 */
static uint32_t begin(struct wn_builder *b, int bytes)
{
    uint32_t out = wn_build_label(b);
    wn_build(b, wn_mov64_k(WN_R0, PASS));
    wn_build(b, wn_ldx_w(WN_R2, WN_R1, 0));
    wn_build(b, wn_ldx_w(WN_R3, WN_R1, 4));
    wn_build(b, wn_mov64_x(WN_R4, WN_R2));
    wn_build(b, wn_add64_k(WN_R4, bytes));
    wn_build_jump(b, wn_jgt64_x(WN_R4, WN_R3, 0), out);
    return out;
}

static int end(struct wn_builder *b, uint32_t out, struct wn_slot **slots, size_t *n,
               struct wn_error *err)
{
    wn_build_place(b, out);
    wn_build(b, wn_exit());
    return wn_build_finish(b, slots, n, err);
}

/** The seed's next number. */
static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* ---- Chains of ifs --------------------------------------------------------------------------- */

/** Rules of a network, a protocol and a range of ports: four ways out of each, all to the next. */
static int make_rules(unsigned rules, struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, HEADERS), seed = 1;
    wn_build(&b, wn_ldx_w(WN_R5, WN_R2, ETHER + 12));
    wn_build(&b, wn_be32(WN_R5));
    wn_build(&b, wn_ldx_b(WN_R6, WN_R2, ETHER + 9));
    wn_build(&b, wn_ldx_h(WN_R7, WN_R2, ETHER + 22));
    wn_build(&b, wn_be16(WN_R7));
    for (unsigned i = 0; i < rules; i++) {
        uint32_t no = wn_build_label(&b), mask = 0xffffff00u << i % 9;
        int32_t port = (int32_t)(next(&seed) & 0x7fff);
        wn_build(&b, wn_mov32_x(WN_R8, WN_R5));
        wn_build(&b, wn_and32_k(WN_R8, (int32_t)mask));
        wn_build_jump(&b, wn_jne32_k(WN_R8, (int32_t)(next(&seed) & mask), 0), no);
        wn_build_jump(&b, wn_jne64_k(WN_R6, i % 3 ? 6 : 17, 0), no);
        wn_build_jump(&b, wn_jlt64_k(WN_R7, port, 0), no);
        wn_build_jump(&b, wn_jgt64_k(WN_R7, port + 100, 0), no);
        wn_build(&b, wn_mov64_k(WN_R0, i % 2 ? PASS : DROP));
        wn_build_jump(&b, wn_ja(0), out);
        wn_build_place(&b, no);
    }
    return end(&b, out, slots, n, err);
}

static int make_rules_64(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_rules(64, slots, n, err);
}

static int make_rules_1000(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_rules(1000, slots, n, err);
}

/* ---- Diamonds -------------------------------------------------------------------------------- */

/** Ways that part and meet a thousand times, each time with another sum, which is the result. */
static int make_diamonds_idle(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 64);
    wn_build(&b, wn_mov64_k(WN_R7, 0));
    for (int i = 0; i < 1000; i++) {
        uint32_t even = wn_build_label(&b);
        wn_build(&b, wn_ldx_b(WN_R5, WN_R2, (int16_t)(i % 64)));
        wn_build_jump(&b, wn_jgt64_k(WN_R5, i % 251, 0), even);
        wn_build(&b, wn_add64_k(WN_R7, i));
        wn_build_place(&b, even);
    }
    wn_build(&b, wn_mov64_x(WN_R0, WN_R7));
    return end(&b, out, slots, n, err);
}

/** The same, and the sum, which is at most 1,000, is then a place in the packet, if it is one. */
static int make_diamonds_used(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 64);
    wn_build(&b, wn_mov64_k(WN_R7, 0));
    for (int i = 0; i < 1000; i++) {
        uint32_t even = wn_build_label(&b);
        wn_build(&b, wn_ldx_b(WN_R5, WN_R2, (int16_t)(i % 64)));
        wn_build_jump(&b, wn_jgt64_k(WN_R5, i % 251, 0), even);
        wn_build(&b, wn_add64_k(WN_R7, 1));
        wn_build_place(&b, even);
    }
    wn_build(&b, wn_add64_x(WN_R7, WN_R2));
    wn_build(&b, wn_mov64_x(WN_R4, WN_R7));
    wn_build(&b, wn_add64_k(WN_R4, 1));
    wn_build_jump(&b, wn_jgt64_x(WN_R4, WN_R3, 0), out);
    wn_build(&b, wn_ldx_b(WN_R0, WN_R7, 0));
    return end(&b, out, slots, n, err);
}

/** Twenty pointers on the stack or not, and as many questions whether they are there. */
static int make_pointers_20(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 64);
    wn_build(&b, wn_mov64_k(WN_R7, 0));
    for (int i = 0; i < 20; i++) {
        uint32_t no = wn_build_label(&b);
        wn_build(&b, wn_mov64_k(WN_R4, i + 1));
        wn_build(&b, wn_stx_dw(WN_R10, (int16_t)(-8 - 8 * i), WN_R4));
        wn_build(&b, wn_ldx_b(WN_R5, WN_R2, (int16_t)i));
        wn_build_jump(&b, wn_jset64_k(WN_R5, 1, 0), no);
        wn_build(&b, wn_stx_dw(WN_R10, (int16_t)(-8 - 8 * i), WN_R2));
        wn_build(&b, wn_or64_k(WN_R7, 1 << i));
        wn_build_place(&b, no);
    }
    for (int i = 0; i < 20; i++) {
        uint32_t no = wn_build_label(&b);
        wn_build(&b, wn_mov64_x(WN_R5, WN_R7));
        wn_build(&b, wn_and64_k(WN_R5, 1 << i));
        wn_build_jump(&b, wn_jeq64_k(WN_R5, 0, 0), no);
        wn_build(&b, wn_ldx_dw(WN_R5, WN_R10, (int16_t)(-8 - 8 * i)));
        wn_build(&b, wn_ldx_b(WN_R4, WN_R5, 20));
        wn_build(&b, wn_add64_x(WN_R0, WN_R4));
        wn_build_place(&b, no);
    }
    return end(&b, out, slots, n, err);
}

/* ---- Loops ----------------------------------------------------------------------------------- */

/** The name in a DNS query: byte by byte, with what is left of a label, hashed. */
static int make_names(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 54);
    uint32_t head = wn_build_label(&b), in_label = wn_build_label(&b), step = wn_build_label(&b);
    uint32_t bad = wn_build_label(&b);
    wn_build(&b, wn_add64_k(WN_R2, 54));
    wn_build(&b, wn_mov64_k(WN_R5, 0)); /* left of the label */
    wn_build(&b, wn_mov64_k(WN_R6, 0)); /* turns */
    wn_build(&b, wn_mov64_k(WN_R7, 0)); /* hash */
    wn_build_place(&b, head);
    wn_build(&b, wn_mov64_x(WN_R4, WN_R2));
    wn_build(&b, wn_add64_k(WN_R4, 1));
    wn_build_jump(&b, wn_jgt64_x(WN_R4, WN_R3, 0), bad);
    wn_build(&b, wn_ldx_b(WN_R8, WN_R2, 0));
    wn_build_jump(&b, wn_jne64_k(WN_R5, 0, 0), in_label);
    wn_build_jump(&b, wn_jeq64_k(WN_R8, 0, 0), out);
    wn_build_jump(&b, wn_jgt64_k(WN_R8, 63, 0), bad);
    wn_build(&b, wn_mov64_x(WN_R5, WN_R8));
    wn_build_jump(&b, wn_ja(0), step);
    wn_build_place(&b, in_label);
    wn_build(&b, wn_sub64_k(WN_R5, 1));
    wn_build(&b, wn_mul64_k(WN_R7, 31));
    wn_build(&b, wn_add64_x(WN_R7, WN_R8));
    wn_build_place(&b, step);
    wn_build(&b, wn_add64_k(WN_R2, 1));
    wn_build(&b, wn_add64_k(WN_R6, 1));
    wn_build_jump(&b, wn_jlt64_k(WN_R6, 255, 0), head);
    wn_build_place(&b, bad);
    wn_build(&b, wn_mov64_k(WN_R0, DROP));
    return end(&b, out, slots, n, err);
}

/** Three loops, one in another, and a place in the packet that is made of all their counters:
 * compared with the end, or known to be among the bytes that are there. */
static int make_nested(int turns, bool compare, struct wn_slot **slots, size_t *n,
                       struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 64), head[3];
    const unsigned counter[3] = {WN_R6, WN_R7, WN_R8};
    wn_build(&b, wn_mov64_k(WN_R9, 0));
    for (int i = 0; i < 3; i++) {
        head[i] = wn_build_label(&b);
        wn_build(&b, wn_mov64_k(counter[i], 0));
        wn_build_place(&b, head[i]);
    }
    wn_build(&b, wn_mov64_x(WN_R4, WN_R6));
    wn_build(&b, wn_add64_x(WN_R4, WN_R7));
    wn_build(&b, wn_add64_x(WN_R4, WN_R8));
    wn_build(&b, wn_and64_k(WN_R4, 63));
    wn_build(&b, wn_add64_x(WN_R4, WN_R2));
    if (compare) {
        wn_build(&b, wn_mov64_x(WN_R5, WN_R4));
        wn_build(&b, wn_add64_k(WN_R5, 1));
        wn_build_jump(&b, wn_jgt64_x(WN_R5, WN_R3, 0), out);
    }
    wn_build(&b, wn_ldx_b(WN_R5, WN_R4, 0));
    wn_build(&b, wn_add64_x(WN_R9, WN_R5));
    for (int i = 2; i >= 0; i--) {
        wn_build(&b, wn_add64_k(counter[i], 1));
        wn_build_jump(&b, wn_jlt64_k(counter[i], turns, 0), head[i]);
    }
    wn_build(&b, wn_mov64_x(WN_R0, WN_R9));
    return end(&b, out, slots, n, err);
}

static int make_nested_16(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_nested(16, true, slots, n, err);
}

static int make_nested_known(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_nested(16, false, slots, n, err);
}

static int make_nested_100(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_nested(100, true, slots, n, err);
}

/* ---- Expressions ----------------------------------------------------------------------------- */

enum { HOSTS = 500, TOGETHER = 100 };

/** What is compared with all hosts, a hundred before each way out: that is as far as jumps go. */
static size_t add_hosts(struct wn_cbpf_insn *to, uint32_t at)
{
    uint32_t seed = 7;
    size_t n = 0;
    to[n++] = (struct wn_cbpf_insn){0x20, 0, 0, at}; /* ld [at] */
    for (unsigned i = 0; i < HOSTS; i++) {
        unsigned left = TOGETHER - 1 - i % TOGETHER;
        to[n++] = (struct wn_cbpf_insn){0x15, (uint8_t)(left + 1), 0, next(&seed)}; /* jeq */
        if (left == 0) {
            to[n++] = (struct wn_cbpf_insn){0x05, 0, 0, 1};      /* ja */
            to[n++] = (struct wn_cbpf_insn){0x06, 0, 0, 262144}; /* ret */
        }
    }
    return n;
}

/** "host a or host b or ..." with 500 of them, as classic BPF. */
static int make_hosts_500(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_cbpf_insn *c = calloc(2 * (HOSTS + 20) + 8, sizeof *c);
    size_t k = 0;
    if (!c)
        return -ENOMEM;
    c[k++] = (struct wn_cbpf_insn){0x28, 0, 0, 12};     /* ldh [12] */
    c[k++] = (struct wn_cbpf_insn){0x15, 1, 0, 0x0800}; /* jeq */
    c[k++] = (struct wn_cbpf_insn){0x06, 0, 0, 0};      /* ret */
    k += add_hosts(c + k, ETHER + 12);
    k += add_hosts(c + k, ETHER + 16);
    c[k++] = (struct wn_cbpf_insn){0x06, 0, 0, 0};
    int r = wn_cbpf_translate(c, k, slots, n, err);
    free(c);
    return r;
}

/** The same as a program of the kernel's, for comparison. */
static int make_hosts_xdp(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, HEADERS), found = wn_build_label(&b);
    for (int16_t at = ETHER + 12; at <= ETHER + 16; at += 4) {
        uint32_t seed = 7;
        wn_build(&b, wn_ldx_w(WN_R5, WN_R2, at));
        wn_build(&b, wn_be32(WN_R5));
        for (unsigned i = 0; i < HOSTS; i++)
            wn_build_jump(&b, wn_jeq32_k(WN_R5, (int32_t)next(&seed), 0), found);
    }
    wn_build(&b, wn_mov64_k(WN_R0, DROP));
    wn_build_place(&b, found);
    return end(&b, out, slots, n, err);
}

/* ---- Straight code --------------------------------------------------------------------------- */

/** So many slots without a jump: loads, arithmetic, and values that go to the stack and come back.
 */
static int make_straight(size_t count, struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t start = wn_build_label(&b), seed = 3;
    uint32_t out = begin(&b, 64);
    wn_build_jump(&b, wn_ja(0), start);
    wn_build_place(&b, out); /* near: jumps do not reach the end */
    wn_build(&b, wn_exit());
    wn_build_place(&b, start);
    for (unsigned i = 4; i < 10; i++)
        wn_build(&b, wn_mov64_k(i, (int32_t)next(&seed)));
    for (unsigned i = 0; i < 32; i++)
        wn_build(&b, wn_stx_dw(WN_R10, (int16_t)(-8 - 8 * (int)i), 4 + i % 6));
    while (b.count < count - 2) {
        uint32_t r = next(&seed);
        unsigned dst = 4 + r % 6, src = 4 + (r >> 4) % 6;
        int16_t slot = (int16_t)(-8 - 8 * (int)(r >> 8 & 31));
        switch (r >> 16 & 7) {
        case 0: wn_build(&b, wn_add64_x(dst, src)); break;
        case 1: wn_build(&b, wn_and32_k(dst, (int32_t)(r >> 3))); break;
        case 2: wn_build(&b, wn_xor64_x(dst, src)); break;
        case 3: wn_build(&b, wn_rsh64_k(dst, (int32_t)(r >> 20 & 31))); break;
        case 4: wn_build(&b, wn_stx_dw(WN_R10, slot, src)); break;
        case 5: wn_build(&b, wn_ldx_dw(dst, WN_R10, slot)); break;
        case 6: wn_build(&b, wn_ldx_w(dst, WN_R2, (int16_t)(r >> 20 & 60))); break;
        default: wn_build(&b, wn_ldx_b(dst, WN_R2, (int16_t)(r >> 20 & 63))); break;
        }
    }
    wn_build(&b, wn_mov64_x(WN_R0, WN_R5));
    wn_build(&b, wn_exit());
    return wn_build_finish(&b, slots, n, err);
}

static int make_straight_2048(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_straight(2048, slots, n, err);
}

static int make_straight_100000(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_straight(100000, slots, n, err);
}

/* ---- Functions ------------------------------------------------------------------------------- */

enum { LEVELS = 8 }; /* the main program is one of them */

/** Functions that call the next one several times each; the last one reads the packet. */
static int make_calls(unsigned times, struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    struct wn_builder b = {0};
    uint32_t out = begin(&b, 64), level[LEVELS], none = wn_build_label(&b);
    for (unsigned i = 1; i < LEVELS; i++)
        level[i] = wn_build_label(&b);
    wn_build(&b, wn_mov64_x(WN_R6, WN_R2));
    wn_build(&b, wn_mov64_k(WN_R7, 0));
    wn_build(&b, wn_mov64_x(WN_R8, WN_R3));
    for (unsigned k = 0; k < times; k++) {
        wn_build(&b, wn_mov64_x(WN_R1, WN_R6));
        wn_build(&b, wn_mov64_x(WN_R2, WN_R7));
        wn_build(&b, wn_mov64_x(WN_R3, WN_R8));
        wn_build_jump(&b, wn_call_local(0), level[1]);
        wn_build(&b, wn_mov64_x(WN_R7, WN_R0));
    }
    wn_build_place(&b, out);
    wn_build(&b, wn_exit());
    for (unsigned i = 1; i < LEVELS - 1; i++) {
        wn_build_place(&b, level[i]);
        wn_build(&b, wn_mov64_x(WN_R6, WN_R1));
        wn_build(&b, wn_mov64_x(WN_R7, WN_R2));
        wn_build(&b, wn_mov64_x(WN_R8, WN_R3));
        for (unsigned k = 0; k < times; k++) {
            wn_build(&b, wn_mov64_x(WN_R1, WN_R6));
            wn_build(&b, wn_mov64_x(WN_R2, WN_R7));
            wn_build(&b, wn_mov64_x(WN_R3, WN_R8));
            wn_build(&b, wn_add64_k(WN_R2, (int32_t)(i * 10 + k)));
            wn_build_jump(&b, wn_call_local(0), level[i + 1]);
            wn_build(&b, wn_mov64_x(WN_R7, WN_R0));
        }
        wn_build(&b, wn_mov64_x(WN_R0, WN_R7));
        wn_build(&b, wn_exit());
    }
    wn_build_place(&b, level[LEVELS - 1]);
    wn_build(&b, wn_mov64_x(WN_R0, WN_R2));
    wn_build(&b, wn_and64_k(WN_R2, 63));
    wn_build(&b, wn_add64_x(WN_R1, WN_R2));
    wn_build(&b, wn_mov64_x(WN_R4, WN_R1));
    wn_build(&b, wn_add64_k(WN_R4, 1));
    wn_build_jump(&b, wn_jgt64_x(WN_R4, WN_R3, 0), none);
    wn_build(&b, wn_ldx_b(WN_R3, WN_R1, 0));
    wn_build(&b, wn_add64_x(WN_R0, WN_R3));
    wn_build_place(&b, none);
    wn_build(&b, wn_exit());
    return wn_build_finish(&b, slots, n, err);
}

static int make_calls_2(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_calls(2, slots, n, err);
}

static int make_calls_10(struct wn_slot **slots, size_t *n, struct wn_error *err)
{
    return make_calls(10, slots, n, err);
}

const struct shape shapes[] = {
    {"rules_64", WN_PROG_XDP, make_rules_64, 0, 0, 0, false},
    {"rules_1000", WN_PROG_XDP, make_rules_1000, 0, 0, 0, false},
    {"names", WN_PROG_XDP, make_names, 0, 0, 0, false},
    {"diamonds_idle", WN_PROG_XDP, make_diamonds_idle, 0, 0, 0, false},
    {"diamonds_used", WN_PROG_XDP, make_diamonds_used, 0, 0, 0, false},
    {"pointers_20", WN_PROG_XDP, make_pointers_20, 20, 0, 0, false},
    {"nested_16", WN_PROG_XDP, make_nested_16, 0, 0, 0, false},
    /* Each turn taken by itself, as the kernel does, proves it; all at once, the distance is
       unknown. */
    {"nested_known", WN_PROG_XDP, make_nested_known, 1, 0, 0, false},
    /* A million turns are more than a run may take without counting. */
    {"nested_100", WN_PROG_XDP, make_nested_100, 0, 1, 3, true},
    {"hosts_500", WN_PROG_FILTER, make_hosts_500, 0, 0, 0, false},
    {"hosts_xdp", WN_PROG_XDP, make_hosts_xdp, 0, 0, 0, false},
    {"straight_2048", WN_PROG_XDP, make_straight_2048, 0, 0, 0, false},
    {"straight_100000", WN_PROG_XDP, make_straight_100000, 0, 0, 0, false},
    {"calls_2", WN_PROG_XDP, make_calls_2, 0, 0, 0, false},
    {"calls_10", WN_PROG_XDP, make_calls_10, 3, 0, 0, true},
    {0},
};
