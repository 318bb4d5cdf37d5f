/* SPDX-License-Identifier: MIT */
#include "gen.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "isa/code.h"
#include "isa/decode.h"

#define FUNCS  4     /* local functions a program has at most, the main one included, DEEP not */
#define BODY   60    /* slots in which a function's statements begin */
#define PACKET WN_R6 /* registers that mostly keep what the prologue put there */
#define STACK  WN_R7
#define COUNT  WN_R9

/** A program while it is written. */
struct writer {
    struct gen *g;
    struct wn_slot *slots;
    size_t len;
    size_t start;             /* of the current function */
    uint32_t number;          /* of the current function */
    bool looping;             /* a loop within would leave the count of this one wrong */
    bool begins[GEN_SLOTS];   /* an instruction begins here */
    uint8_t jumps[GEN_SLOTS]; /* how the target is to be chosen: enum reach */
    size_t func[FUNCS + 1];
    uint32_t funcs; /* how many there will be */
    bool deep;      /* and one more, which calls itself as often as r1 says */
};

enum reach { REACH_NONE, REACH_FORWARD, REACH_ANY, REACH_CALL, REACH_DEEP };

static uint64_t next_random(struct gen *g)
{
    if (g->left) {
        size_t n = g->left < 4 ? g->left : 4;
        uint32_t v = 0;
        memcpy(&v, g->data, n);
        g->data += n;
        g->left -= n;
        return v;
    }
    /* splitmix64 */
    uint64_t z = g->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t gen_below(struct gen *g, uint32_t n)
{
    return (uint32_t)(next_random(g) % n);
}

void gen_fill(struct gen *g, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t v = next_random(g);
        memcpy(out + i, &v, n - i < sizeof v ? n - i : sizeof v);
    }
}

static bool one_in(struct gen *g, uint32_t n)
{
    return gen_below(g, n) == 0;
}

/** Something that may well end the run. */
static bool dare(struct gen *g, uint32_t n)
{
    return !g->tame && one_in(g, n);
}

uint64_t gen_number(struct gen *g)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     8,
                                     15,
                                     16,
                                     31,
                                     32,
                                     33,
                                     63,
                                     64,
                                     127,
                                     128,
                                     255,
                                     256,
                                     0x7fff,
                                     0x8000,
                                     0xffff,
                                     0x10000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x100000000,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     0xffffffff7fffffff,
                                     0xffffffff80000000,
                                     0xf0c0000000000000};
    uint64_t v;
    switch (gen_below(g, 4)) {
    case 0: v = next_random(g) << 32 | (uint32_t)next_random(g); break;
    case 1: v = gen_below(g, 256); break;
    default: v = edges[gen_below(g, sizeof edges / sizeof *edges)]; break;
    }
    return one_in(g, 3) ? 0 - v : v;
}

static int32_t number32(struct gen *g)
{
    return (int32_t)(uint32_t)gen_number(g);
}

/** A register that an instruction writes; pointers are mostly left alone. */
static unsigned target_register(struct gen *g)
{
    unsigned r = gen_below(g, WN_R10);
    return (r == PACKET || r == STACK || r == COUNT) && !dare(g, 12) ? gen_below(g, WN_R6) : r;
}

static void put(struct writer *w, struct wn_slot s)
{
    assert(w->len < GEN_SLOTS);
    w->begins[w->len] = true;
    w->slots[w->len++] = s;
}

static void put_wide(struct writer *w, enum wn_op_id id, unsigned dst, uint64_t value)
{
    put(w, wn_encode(id, dst, 0, 0, (int32_t)(uint32_t)value));
    w->slots[w->len++] = wn_slot(0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

/** A random row of a kind. */
static enum wn_op_id row_of(struct gen *g, enum wn_kind kind)
{
    static uint8_t rows[WN_KIND_FUEL + 1][WN_OPS_ENCODED];
    static unsigned counts[WN_KIND_FUEL + 1];
    if (!counts[WN_KIND_ALU])
        for (unsigned id = 0; id < WN_OPS_ENCODED; id++)
            rows[wn_rows[id].kind][counts[wn_rows[id].kind]++] = (uint8_t)id;
    return (enum wn_op_id)rows[kind][gen_below(g, counts[kind])];
}

static void put_alu(struct writer *w)
{
    struct gen *g = w->g;
    enum wn_op_id id = row_of(g, WN_KIND_ALU);
    unsigned dst = target_register(g), src = gen_below(g, WN_REGS);
    int32_t imm = number32(g);
    switch ((enum wn_form)wn_rows[id].form) {
    case WN_FORM_DST_IMM:
    case WN_FORM_SET_IMM: put(w, wn_encode(id, dst, 0, 0, imm)); break;
    case WN_FORM_DST: put(w, wn_encode(id, dst, 0, 0, 0)); break;
    default: put(w, wn_encode(id, dst, src, 0, 0)); break;
    }
}

/** A load, store or atomic operation of [base + off]. */
static void put_access(struct writer *w, enum wn_kind kind, unsigned base, int off)
{
    struct gen *g = w->g;
    enum wn_op_id id = row_of(g, kind);
    unsigned size = wn_opcode_size(wn_rows[id].opcode);
    if (base == WN_R10 && !one_in(g, 6))
        off = off / (int)size * (int)size;
    if (base == WN_R10 && g->tame && off > -(int)size)
        off = -(int)size;
    if (kind == WN_KIND_ATOMIC && !dare(g, 10))
        off &= ~(int)(size - 1);
    if (wn_rows[id].form == WN_FORM_LOAD)
        put(w, wn_encode(id, target_register(g), base, (int16_t)off, 0));
    else if (wn_rows[id].form == WN_FORM_STORE_IMM)
        put(w, wn_encode(id, base, 0, (int16_t)off, number32(g)));
    else
        put(w,
            wn_encode(id, base, kind == WN_KIND_ATOMIC ? target_register(g) : gen_below(g, WN_REGS),
                      (int16_t)off, 0));
}

static enum wn_kind some_access(struct gen *g)
{
    static const enum wn_kind kinds[] = {WN_KIND_LOAD, WN_KIND_LOAD, WN_KIND_STORE, WN_KIND_STORE,
                                         WN_KIND_ATOMIC};
    return kinds[gen_below(g, 5)];
}

/** An access at an edge of what the program may use, or of all addresses. */
static void put_edge(struct writer *w)
{
    struct gen *g = w->g;
    unsigned r = gen_below(g, WN_R6);
    uint64_t memory = one_in(g, 2) ? g->writable : g->readable;
    int32_t near = (int32_t)gen_below(g, 20) - 10;
    switch (gen_below(g, 6)) {
    case 0: /* address and offset both far away, their sum is not */
        put(w, wn_encode(WN_OP_MOV64_X, r, one_in(g, 2) ? PACKET : WN_R10, 0, 0));
        near = one_in(g, 2) ? 32767 - (int32_t)gen_below(g, 40) : (int32_t)gen_below(g, 40) - 32768;
        put(w, wn_encode(WN_OP_SUB64_K, r, 0, 0, near));
        put_access(w, some_access(g), r, near > 32727 && one_in(g, 4) ? 32767 : near);
        return;
    case 1: /* around 0, where sums wrap */
        put_wide(w, WN_OP_IMM64, r, (uint64_t)(int64_t)near);
        put_access(w, some_access(g), r, (int)gen_below(g, 20) - 10);
        return;
    case 2: /* right but for one bit of the upper half */
        put_wide(w, WN_OP_IMM64, r, memory ^ UINT64_C(1) << (32 + gen_below(g, 32)));
        put_access(w, some_access(g), r, near & 7);
        return;
    case 3: /* the lower half alone */
        put_wide(w, WN_OP_IMM64, r, memory);
        put(w, wn_encode(WN_OP_MOV32_X, r, r, 0, 0));
        put_access(w, some_access(g), r, near & 7);
        return;
    case 4: /* the ends of the stack, through a register */
        put(w, wn_encode(WN_OP_MOV64_X, r, WN_R10, 0, 0));
        put(w,
            wn_encode(WN_OP_ADD64_K, r, 0, 0, one_in(g, 2) ? 0 : -512 * (int32_t)gen_below(g, 9)));
        put_access(w, some_access(g), r, near);
        return;
    default: /* the packet, which is not to be written */
        put_access(w, one_in(g, 2) ? WN_KIND_STORE : WN_KIND_ATOMIC, PACKET, near & 7);
        return;
    }
}

/** An access that mostly hits: the packet, the stack directly or not, other memory. */
static void put_memory(struct writer *w)
{
    struct gen *g = w->g;
    unsigned r = gen_below(g, WN_R6);
    switch (gen_below(g, 12)) {
    case 0:
    case 1:
    case 2: put_access(w, WN_KIND_LOAD, PACKET, (int)gen_below(g, dare(g, 12) ? 90 : 40)); break;
    case 3: /* packet, variable offset */
        put(w, wn_encode(WN_OP_AND64_K, r, 0, 0, dare(g, 6) ? 127 : 31));
        put(w, wn_encode(WN_OP_ADD64_X, r, PACKET, 0, 0));
        put_access(w, WN_KIND_LOAD, r, (int)gen_below(g, 8) - dare(g, 6));
        break;
    case 4:
    case 5:
    case 6: put_access(w, some_access(g), WN_R10, -8 - (int)gen_below(g, 80)); break;
    case 7: /* at the edges of the frame */
        put_access(w, some_access(g), WN_R10,
                   one_in(g, 2) ? (g->tame ? -512 : -514) + (int)gen_below(g, 6)
                                : 2 - (int)gen_below(g, 10));
        break;
    case 8:
    case 9: put_access(w, some_access(g), STACK, (int)gen_below(g, 64) - 32); break;
    case 10: /* other memory */
        if (g->tame) {
            put_wide(w, WN_OP_IMM64, r, g->writable);
            put_access(w, some_access(g), r, (int)gen_below(g, GEN_REGION_BYTES - 7));
        } else {
            put_wide(w, WN_OP_IMM64, r, one_in(g, 3) ? g->readable : g->writable);
            put_access(w, some_access(g), r, (int)gen_below(g, GEN_REGION_BYTES + 2) - 1);
        }
        break;
    default: /* whatever the register holds */
        if (dare(g, 8))
            put_access(w, some_access(g), gen_below(g, WN_REGS), (int16_t)number32(g));
        else if (dare(g, 2))
            put_edge(w);
        break;
    }
}

/** A branch to a place not known yet. */
static void put_branch(struct writer *w, enum reach reach)
{
    struct gen *g = w->g;
    enum wn_op_id id = row_of(g, WN_KIND_BRANCH);
    unsigned a = gen_below(g, WN_REGS), b = gen_below(g, WN_REGS);
    bool with_imm = wn_rows[id].form == WN_FORM_BRANCH_IMM;
    w->jumps[w->len] = (uint8_t)reach;
    put(w, wn_encode(id, a, with_imm ? 0 : b, 0, with_imm ? number32(g) : 0));
}

static void put_statement(struct writer *w);

/** A loop that counts down, most of the time. */
static void put_loop(struct writer *w)
{
    static const enum wn_op_id ends[] = {WN_OP_JNE64_K, WN_OP_JGT64_K,  WN_OP_JSGT64_K,
                                         WN_OP_JNE32_K, WN_OP_JSGT32_K, WN_OP_JSET32_K};
    struct gen *g = w->g;
    put(w, wn_encode(WN_OP_MOV64_K, COUNT, 0, 0, 1 + (int32_t)gen_below(g, 12)));
    size_t top = w->len;
    w->looping = true;
    for (uint32_t n = gen_below(g, 5); n > 0; n--)
        put_statement(w);
    w->looping = false;
    put(w, wn_encode(WN_OP_SUB64_K, COUNT, 0, 0, 1));
    enum wn_op_id end = dare(g, 2) ? row_of(g, WN_KIND_BRANCH) : ends[gen_below(g, 6)];
    bool with_imm = wn_rows[end].form == WN_FORM_BRANCH_IMM;
    int32_t imm = end == WN_OP_JSET32_K ? 15 : (int32_t)gen_below(g, 2);
    if (dare(g, 2)) /* equality is hard to reach; this makes it last */
        put(w, wn_encode(WN_OP_MOV64_K, COUNT, 0, 0,
                         one_in(g, 2) ? imm : (int32_t)gen_below(g, 3) - 1));
    int distance = (int)top - (int)w->len - 1;
    put(w, wn_encode(end, COUNT, with_imm ? 0 : gen_below(g, WN_REGS), (int16_t)distance,
                     with_imm ? imm : 0));
}

static void put_jump(struct writer *w)
{
    struct gen *g = w->g;
    switch (gen_below(g, 8)) {
    case 0:
        w->jumps[w->len] = REACH_FORWARD;
        put(w, wn_encode(one_in(g, 2) ? WN_OP_JA : WN_OP_JA32, 0, 0, 0, 0));
        break;
    case 1: put_branch(w, g->tame ? REACH_FORWARD : REACH_ANY); break;
    case 2:
        if (w->len - w->start < BODY / 2 && !(g->tame && w->looping))
            put_loop(w);
        break;
    default: put_branch(w, REACH_FORWARD); break;
    }
}

/** Two stretches of memory and their lengths, as helpers take them. */
static void put_arguments(struct writer *w)
{
    struct gen *g = w->g;
    for (unsigned r = WN_R1; r <= WN_R3; r += 2) {
        int32_t at = 16 + (int32_t)gen_below(g, 48);
        bool packet = r == WN_R1 && one_in(g, 2);
        put(w, wn_encode(WN_OP_MOV64_X, r, packet ? PACKET : WN_R10, 0, 0));
        put(w, wn_encode(WN_OP_ADD64_K, r, 0, 0, packet ? at - 16 : -at));
        put(w, wn_encode(WN_OP_MOV64_K, r + 1, 0, 0,
                         dare(g, 8) ? number32(g) : 1 + (int32_t)gen_below(g, 16)));
    }
}

/** A helper, by its number. */
static void put_helper_call(struct writer *w)
{
    struct gen *g = w->g;
    if (g->tame || one_in(g, 2))
        put_arguments(w);
    put(w, wn_encode(WN_OP_CALL, 0, 0, 0, g->helpers[gen_below(g, g->n_helpers)]));
}

/** Through a register: of a function; of one that is only nearly named; of anything. */
static void put_indirect_call(struct writer *w)
{
    struct gen *g = w->g;
    unsigned r = target_register(g);
    w->jumps[w->len] = REACH_CALL;
    put_wide(w, WN_OP_FUNC, r, 0);
    if (dare(g, 8))
        put(w, wn_encode(WN_OP_ADD64_K, r, 0, 0, (int32_t)gen_below(g, 20) - 10));
    else if (dare(g, 16)) /* forged: any slot, and now and then a bit too many */
        put_wide(w, WN_OP_IMM64, r,
                 WN_FUNC_ADDRESS(gen_below(g, (uint32_t)w->len)) ^
                     (one_in(g, 2) ? 0 : UINT64_C(1) << gen_below(g, 64)));
    else if (dare(g, 8)) /* a helper's number, or nearly */
        put(w, wn_encode(one_in(g, 4) ? WN_OP_MOV64_K : WN_OP_MOV32_K, r, 0, 0,
                         g->helpers[gen_below(g, g->n_helpers)]));
    if (dare(g, 16))
        r = gen_below(g, WN_REGS);
    if (r != 0 && one_in(g, 2))
        put(w, wn_encode(WN_OP_CALLX_IMM, 0, 0, 0, (int32_t)r));
    else
        put(w, wn_encode(WN_OP_CALLX, r, 0, 0, 0));
}

static void put_call(struct writer *w)
{
    struct gen *g = w->g;
    bool last = g->tame && w->number + 1 == w->funcs; /* tame functions call only later ones */
    switch (last ? 0 : gen_below(g, 6)) {
    case 0: put_helper_call(w); break;
    case 1:
        w->jumps[w->len] = REACH_CALL;
        put_wide(w, WN_OP_FUNC, target_register(g), 0);
        break;
    case 2:
    case 3: put_indirect_call(w); break;
    default:
        w->jumps[w->len] = REACH_CALL;
        put(w, wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, 0));
        break;
    }
}

/** Down to a depth that is chosen: the deepest that there is, or one more. */
static void put_deep_call(struct writer *w)
{
    struct gen *g = w->g;
    int32_t most = (int32_t)(WN_CALL_DEPTH - 2 - w->number);
    put(w, wn_encode(WN_OP_MOV64_K, WN_R1, 0, 0,
                     dare(g, 4) ? most + 1 : (int32_t)gen_below(g, (uint32_t)most + 1)));
    w->jumps[w->len] = REACH_DEEP;
    put(w, wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, 0));
}

static void put_packet_load(struct writer *w)
{
    struct gen *g = w->g;
    enum wn_op_id id = row_of(g, WN_KIND_PACKET);
    int32_t imm = one_in(g, 12) ? number32(g) : (int32_t)gen_below(g, one_in(g, 8) ? 80 : 40);
    unsigned src = wn_rows[id].form == WN_FORM_IND ? gen_below(g, WN_REGS) : 0;
    if (src && src != WN_R10 && !one_in(g, 4)) {
        src = WN_R0 + gen_below(g, WN_R6);
        if (one_in(g, 4)) { /* the sum is right, what is summed is not */
            put_wide(w, WN_OP_IMM64, src, (uint64_t)gen_below(g, 44) - (uint64_t)(int64_t)imm);
            if (one_in(g, 2))
                put(w, wn_encode(WN_OP_MOV32_X, src, src, 0, 0));
        } else {
            put(w, wn_encode(WN_OP_AND64_K, src, 0, 0, 15));
        }
    }
    put(w, wn_encode(id, 0, src, 0, imm));
}

static void put_statement(struct writer *w)
{
    struct gen *g = w->g;
    uint32_t n = gen_below(g, 100);
    if (n < 45)
        put_alu(w);
    else if (n < 50)
        put_wide(w, WN_OP_IMM64, target_register(g), gen_number(g));
    else if (n < 75)
        put_memory(w);
    else if (n < 90)
        put_jump(w);
    else if (n < 94)
        put_packet_load(w);
    else if (n < 98 || !w->deep)
        put_call(w);
    else if (n < 99)
        put_deep_call(w);
    else if (one_in(g, 2))
        put(w, wn_encode(WN_OP_EXIT, 0, 0, 0, 0));
}

/** Compare the packet's length as programs do, before r1 and r2 become something else. */
static void put_length_check(struct writer *w)
{
    static const enum wn_op_id by_imm[] = {WN_OP_JLT64_K, WN_OP_JLE64_K, WN_OP_JGT64_K,
                                           WN_OP_JGE64_K, WN_OP_JLT32_K, WN_OP_JLE32_K,
                                           WN_OP_JGT32_K, WN_OP_JGE32_K, WN_OP_JSGT64_K};
    static const enum wn_op_id by_reg[] = {WN_OP_JLT64_X, WN_OP_JLE64_X, WN_OP_JGT64_X,
                                           WN_OP_JGE64_X};
    struct gen *g = w->g;
    int32_t n = one_in(g, 12) ? number32(g) : 8 + (int32_t)gen_below(g, 57);
    int off = (n & 63) - (int)gen_below(g, 9); /* of a load that ends about where the check says */
    bool turned = one_in(g, 2);
    switch (gen_below(g, 3)) {
    case 0:
        w->jumps[w->len] = REACH_FORWARD;
        put(w, wn_encode(by_imm[gen_below(g, 9)], WN_R2, 0, 0, n));
        put_access(w, WN_KIND_LOAD, PACKET, off);
        return;
    case 1: /* a constant in a register */
        put(w, wn_encode(WN_OP_MOV64_K, WN_R3, 0, 0, n));
        put(w, wn_encode(WN_OP_MOV32_X, WN_R4, WN_R2, 0, 0));
        break;
    default: /* addresses */
        put(w, wn_encode(WN_OP_MOV64_X, WN_R3, WN_R1, 0, 0));
        put(w, wn_encode(WN_OP_ADD64_K, WN_R3, 0, 0, n));
        put(w, wn_encode(WN_OP_MOV64_X, WN_R4, WN_R2, 0, 0));
        put(w, wn_encode(WN_OP_ADD64_X, WN_R4, WN_R1, 0, 0));
        break;
    }
    w->jumps[w->len] = REACH_FORWARD;
    put(w,
        wn_encode(by_reg[gen_below(g, 4)], turned ? WN_R3 : WN_R4, turned ? WN_R4 : WN_R3, 0, 0));
    put_access(w, WN_KIND_LOAD, PACKET, off);
}

static void put_function(struct writer *w, uint32_t number)
{
    struct gen *g = w->g;
    w->number = number;
    w->start = w->func[number] = w->len;
    if (number == 0)
        put(w, wn_encode(WN_OP_MOV64_X, PACKET, WN_R1, 0, 0));
    if (number == 0 && one_in(g, 2))
        for (uint32_t n = 1 + gen_below(g, 3); n > 0; n--)
            put_length_check(w);
    if (g->tame || !one_in(g, 3)) {
        put(w, wn_encode(WN_OP_MOV64_X, STACK, WN_R10, 0, 0));
        put(w, wn_encode(WN_OP_ADD64_K, STACK, 0, 0, -40));
    }
    for (uint32_t n = gen_below(g, BODY / 2); n > 0 && w->len - w->start < BODY; n--)
        put_statement(w);
    if (dare(g, 16)) {
        w->jumps[w->len] = REACH_ANY;
        put(w, wn_encode(one_in(g, 2) ? WN_OP_JA : WN_OP_JA32, 0, 0, 0, 0));
    } else {
        put(w, wn_encode(WN_OP_EXIT, 0, 0, 0, 0));
    }
}

/** The function that calls itself until r1 is 0, and adds up what the frames have kept. */
static void put_deep(struct writer *w)
{
    struct gen *g = w->g;
    int16_t kept = (int16_t)(-8 - 8 * (int)gen_below(g, 63));
    bool direct = one_in(g, 2);
    w->func[w->funcs] = w->len;
    put(w, wn_encode(one_in(g, 2) ? WN_OP_JEQ64_K : WN_OP_JSLE32_K, WN_R1, 0, direct ? 5 : 7, 0));
    put(w, wn_encode(WN_OP_STX_DW, WN_R10, WN_R1, kept, 0));
    put(w, wn_encode(WN_OP_SUB64_K, WN_R1, 0, 0, 1));
    if (direct) {
        put(w, wn_encode(WN_OP_CALL_LOCAL, 0, 0, 0, -4));
    } else {
        put_wide(w, WN_OP_FUNC, WN_R5, (uint32_t)-4);
        put(w, wn_encode(WN_OP_CALLX, WN_R5, 0, 0, 0));
    }
    put(w, wn_encode(WN_OP_LDX_DW, WN_R5, WN_R10, kept, 0));
    put(w, wn_encode(WN_OP_ADD64_X, WN_R0, WN_R5, 0, 0));
    put(w, wn_encode(WN_OP_EXIT, 0, 0, 0, 0));
}

/** Choose where a jump at `at` leads, now that its function, up to `end`, is there. */
static size_t choose_target(struct writer *w, size_t at, size_t start, size_t end)
{
    size_t low = w->jumps[at] == REACH_FORWARD ? at + 1 : start;
    size_t high = w->jumps[at] == REACH_FORWARD && at + 16 < end ? at + 16 : end;
    size_t t = low + gen_below(w->g, (uint32_t)(high - low));
    while (!w->begins[t])
        t--;
    return t;
}

static void aim(struct writer *w, size_t at, size_t start, size_t end)
{
    struct wn_slot *s = &w->slots[at];
    uint32_t first = w->g->tame && w->number + 1 < w->funcs ? w->number + 1 : 0;
    switch ((enum reach)w->jumps[at]) {
    case REACH_NONE: return;
    case REACH_CALL:
        s->imm = (int32_t)w->func[first + gen_below(w->g, w->funcs - first)] - (int32_t)at - 1;
        return;
    case REACH_DEEP: s->imm = (int32_t)w->func[w->funcs] - (int32_t)at - 1; return;
    case REACH_FORWARD:
    case REACH_ANY: break;
    }
    int distance = (int)choose_target(w, at, start, end) - (int)at - 1;
    if (s->opcode == wn_rows[WN_OP_JA32].opcode)
        s->imm = distance;
    else
        s->off = (int16_t)distance;
}

size_t gen_program(struct gen *g, struct wn_slot *out)
{
    struct writer w = {.g = g, .slots = out};
    g->tame = one_in(g, 2);
    w.funcs = 1 + (one_in(g, 2) ? gen_below(g, FUNCS) : 0);
    w.deep = one_in(g, 4);
    for (uint32_t f = 0; f < w.funcs; f++)
        put_function(&w, f);
    size_t last = w.len;
    if (w.deep)
        put_deep(&w);
    for (uint32_t f = 0; f < w.funcs; f++) {
        size_t end = f + 1 < w.funcs ? w.func[f + 1] : last;
        w.number = f;
        for (size_t i = w.func[f]; i < end; i++)
            aim(&w, i, w.func[f], end);
    }
    return w.len;
}
