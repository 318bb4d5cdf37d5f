/* SPDX-License-Identifier: MIT */
#include "clean.h"

#include "isa/decode.h"
#include "numbers.h"

#define FUNCS      4   /* functions a program has at most, the main one included */
#define FUNC_SLOTS 240 /* in which a function's statements begin */

/* The frame: the data's end and beginning, then numbers. */
#define FRAME_END   (-8)
#define FRAME_BASE  (-16)
#define FRAME_WORDS 8
#define FRAME_LOW   (FRAME_BASE - 8 * FRAME_WORDS)

/* Where the main function leaves what it has computed. */
#define LEFT_REGISTERS (CLEAN_DATA_BYTES - 8 * 10)
#define LEFT_STACK     (LEFT_REGISTERS - 8 * FRAME_WORDS)

/** A program while it is written. Between statements all registers that are not busy hold numbers.
 */
struct writer {
    struct program *p;
    uint64_t seed;
    enum program_for whom;
    uint64_t rest;
    unsigned base;     /* register that holds the data's beginning */
    unsigned busy;     /* registers statements leave alone, as a mask */
    bool packet_loads; /* which the kernel has in SCHED_CLS, and not in programs with functions */
    unsigned depth;    /* of blocks within blocks */
    unsigned func;     /* that is being written */
    unsigned funcs;
    bool called[FUNCS];
    size_t start[FUNCS];
    struct {
        size_t at;
        unsigned func;
    } calls[32];
    unsigned n_calls;
};

/** A number below n. One in an expression: compilers differ in which of two comes first. */
static uint32_t below(struct writer *w, uint32_t n)
{
    return (uint32_t)(numbers_next(&w->seed) >> 32) % n;
}

static bool one_in(struct writer *w, uint32_t n)
{
    return below(w, n) == 0;
}

static uint64_t number(struct writer *w)
{
    static uint64_t corners[NUMBERS_MAX];
    static size_t n;
    if (!n)
        n = numbers_corners(corners);
    return one_in(w, 3) ? numbers_next(&w->seed) : corners[below(w, (uint32_t)n)];
}

static int32_t constant(struct writer *w)
{
    return (int32_t)(uint32_t)number(w);
}

static void put(struct writer *w, struct wn_slot s)
{
    program_put(w->p, s);
}

/** A register that holds a number, none of those in a mask. */
static unsigned reg_but(struct writer *w, unsigned mask)
{
    unsigned r;
    do
        r = below(w, WN_R10);
    while ((w->busy | mask) >> r & 1);
    return r;
}

static unsigned reg(struct writer *w)
{
    return reg_but(w, 0);
}

static enum wn_op_id row_of(struct writer *w, enum wn_kind kind)
{
    unsigned id;
    do
        id = below(w, WN_OPS_ENCODED);
    while (wn_rows[id].kind != kind);
    return (enum wn_op_id)id;
}

/** Let a register hold a number again, whatever it held. */
static void put_number(struct writer *w, unsigned r)
{
    switch (below(w, 4)) {
    case 0: put(w, wn_mov64_k(r, constant(w))); break;
    case 1: program_put_wide(w->p, wn_imm64(r, number(w))); break;
    case 2: put(w, wn_ldx_dw(r, w->base, (int16_t)below(w, CLEAN_DATA_BYTES - 7))); break;
    default:
        put(w, wn_ldx_dw(r, WN_R10, (int16_t)(FRAME_LOW + 8 * (int)below(w, FRAME_WORDS))));
        break;
    }
}

/** Shifts by the width and more, and divisions by 0, are refused if the amount is a constant. */
static int32_t constant_for(struct writer *w, enum wn_op_id id)
{
    unsigned code = wn_rows[id].opcode & 0xf0;
    int32_t imm = constant(w);
    if (code == 0x60 || code == 0x70 || code == 0xc0)
        return imm & (wn_opcode_is32(wn_rows[id].opcode) ? 31 : 63);
    if ((code == 0x30 || code == 0x90) && imm == 0)
        return -1;
    return imm;
}

static void put_alu(struct writer *w)
{
    enum wn_op_id id = row_of(w, WN_KIND_ALU);
    unsigned dst = reg(w), src = reg(w);
    switch ((enum wn_form)wn_rows[id].form) {
    case WN_FORM_DST_IMM:
    case WN_FORM_SET_IMM: put(w, wn_encode(id, dst, 0, 0, constant_for(w, id))); break;
    case WN_FORM_DST: put(w, wn_encode(id, dst, 0, 0, 0)); break;
    default: put(w, wn_encode(id, dst, src, 0, 0)); break;
    }
}

/** What an access may be and where: the pointer register, the range of offsets, who else is busy.
 */
struct place {
    unsigned pointer;
    int low, high;   /* the access lies in [low, high) */
    bool aligned;    /* accesses must be */
    unsigned others; /* registers that hold no number at the moment, as a mask */
};

static void put_access(struct writer *w, enum wn_op_id id, const struct place *at)
{
    int size = (int)wn_opcode_size(wn_rows[id].opcode);
    int off = at->low + (int)below(w, (uint32_t)(at->high - at->low - size + 1));
    if (at->aligned || wn_rows[id].kind == WN_KIND_ATOMIC)
        off = at->low + (off - at->low) / size * size;
    unsigned r = reg_but(w, at->others);
    switch ((enum wn_form)wn_rows[id].form) {
    case WN_FORM_LOAD: put(w, wn_encode(id, r, at->pointer, (int16_t)off, 0)); break;
    case WN_FORM_STORE_IMM: put(w, wn_encode(id, at->pointer, 0, (int16_t)off, constant(w))); break;
    default: put(w, wn_encode(id, at->pointer, r, (int16_t)off, 0)); break;
    }
}

/**
 * Take what an atomic operation fetched through memory. Linux (6.18) needs it: where paths join,
 * its verifier forgets that CMPXCHG32 has to clear the upper half of r0, and does not look for what
 * the stack must have held for a fetched value to be known, so it may remove a branch that is
 * taken.
 */
static void put_detour(struct writer *w, enum wn_op_id id)
{
    const struct wn_slot *s = &w->p->slots[w->p->n - 1];
    bool compares = id == WN_OP_ATOMIC_CMPXCHG32 || id == WN_OP_ATOMIC_CMPXCHG64;
    int16_t off = (int16_t)(8 * below(w, CLEAN_DATA_BYTES / 8));
    if (wn_rows[id].kind != WN_KIND_ATOMIC || !(s->imm & 1))
        return;
    unsigned r = compares ? WN_R0 : wn_slot_src(*s);
    put(w, wn_stx_dw(w->base, off, r));
    put(w, wn_ldx_dw(r, w->base, off));
}

static enum wn_op_id some_access(struct writer *w, bool atomics)
{
    switch (below(w, atomics ? 3 : 2)) {
    case 0: return row_of(w, WN_KIND_LOAD);
    case 1: return row_of(w, WN_KIND_STORE);
    default: return row_of(w, WN_KIND_ATOMIC);
    }
}

/** A register that is to be left alone; not r0, which CMPXCHG writes and compares with. */
static unsigned quiet_register(struct writer *w)
{
    return reg_but(w, 1u << WN_R0);
}

/** The frame: by r10, by a copy of it, or at a distance that is not known. */
static void put_stack(struct writer *w)
{
    struct place at = {.pointer = WN_R10, .low = FRAME_LOW, .high = FRAME_BASE, .aligned = true};
    uint32_t how = below(w, 4);
    unsigned index;
    enum wn_op_id id = some_access(w, how != 1); /* atomics have to know where they are */
    int size = (int)wn_opcode_size(wn_rows[id].opcode);
    switch (how) {
    case 0:
        at.pointer = quiet_register(w);
        put(w, wn_mov64_x(at.pointer, WN_R10));
        put(w, wn_add64_k(at.pointer, FRAME_LOW));
        at.low -= FRAME_LOW;
        at.high -= FRAME_LOW;
        break;
    case 1:
        at.pointer = quiet_register(w);
        index = reg_but(w, 1u << at.pointer);
        put(w, wn_and64_k(index, (FRAME_BASE - FRAME_LOW - 1) & -size));
        put(w, wn_mov64_x(at.pointer, WN_R10));
        put(w, wn_add64_x(at.pointer, index)); /* the other way round Linux forgets whose frame */
        at.high = at.low + size;
        break;
    default:
        put_access(w, id, &at);
        put_detour(w, id);
        return;
    }
    at.others = 1u << at.pointer;
    put_access(w, id, &at);
    put_detour(w, id);
    put_number(w, at.pointer);
}

/** The data, at a place that is compared with its end first. */
static void put_data_somewhere(struct writer *w)
{
    unsigned p = reg(w), next = reg_but(w, 1u << p), end = reg_but(w, 1u << p | 1u << next);
    struct place at = {.pointer = p, .high = 8 + (int)below(w, 24)};
    at.others = 1u << p | 1u << next | 1u << end;
    put(w, wn_and64_k(p, one_in(w, 2) ? CLEAN_DATA_BYTES - 1 : 255));
    put(w, wn_add64_x(p, w->base));
    put(w, wn_mov64_x(next, p));
    put(w, wn_add64_k(next, at.high));
    put(w, wn_ldx_dw(end, WN_R10, FRAME_END));
    put(w, one_in(w, 2) ? wn_jgt64_x(next, end, 1) : wn_jlt64_x(end, next, 1));
    put_access(w, some_access(w, false), &at);
    put_number(w, p);
    put_number(w, next);
    put_number(w, end);
}

static void put_data(struct writer *w)
{
    struct place at = {.pointer = w->base, .high = CLEAN_DATA_BYTES};
    switch (below(w, 4)) {
    case 0: put_data_somewhere(w); return;
    case 1: /* the pointer comes back from the stack */
        at.pointer = reg(w);
        at.others = 1u << at.pointer;
        put(w, wn_ldx_dw(at.pointer, WN_R10, FRAME_BASE));
        put_access(w, some_access(w, false), &at);
        put_number(w, at.pointer);
        return;
    default: put_access(w, some_access(w, false), &at); return;
    }
}

static void put_rest(struct writer *w)
{
    unsigned p = quiet_register(w);
    struct place at = {.pointer = p, .high = CLEAN_REST_BYTES};
    uint32_t inner = 8 * below(w, CLEAN_REST_BYTES / 8);
    enum wn_op_id id = some_access(w, true);
    int size = (int)wn_opcode_size(wn_rows[id].opcode);
    unsigned index = reg_but(w, 1u << p);
    at.others = 1u << p;
    if (one_in(w, 2)) { /* at a distance that is not known */
        put(w, wn_and64_k(index, (CLEAN_REST_BYTES - 1) & -size));
        inner = 0;
        at.high = size;
    } else {
        index = WN_R10;
    }
    program_put_wide(w->p, w->whom == FOR_US ? wn_imm64(p, w->rest + inner)
                                             : wn_map_value(p, (int32_t)w->rest, (int32_t)inner));
    if (index != WN_R10)
        put(w, wn_add64_x(p, index));
    at.high -= (int)inner;
    put_access(w, id, &at);
    put_detour(w, id);
    put_number(w, p);
}

static void put_statement(struct writer *w);

static void put_statements(struct writer *w, uint32_t n)
{
    w->depth++;
    for (; n > 0 && w->p->n - w->start[w->func] < FUNC_SLOTS; n--)
        put_statement(w);
    w->depth--;
}

/** A branch to be aimed later; returns where it is. */
static size_t put_branch(struct writer *w)
{
    enum wn_op_id id = row_of(w, WN_KIND_BRANCH);
    bool with_imm = wn_rows[id].form == WN_FORM_BRANCH_IMM;
    unsigned a = reg(w), b = reg(w);
    put(w, wn_encode(id, a, with_imm ? 0 : b, 0, with_imm ? constant(w) : 0));
    return w->p->n - 1;
}

static size_t put_jump(struct writer *w)
{
    put(w, one_in(w, 2) ? wn_ja(0) : wn_ja32(0));
    return w->p->n - 1;
}

/** Let a jump lead to a slot, forward or back. */
static void aim(struct writer *w, size_t at, size_t to)
{
    struct wn_slot *s = &w->p->slots[at];
    int32_t distance = (int32_t)to - (int32_t)at - 1;
    if (s->opcode == wn_rows[WN_OP_JA32].opcode)
        s->imm = distance;
    else
        s->off = (int16_t)distance;
}

static void put_if(struct writer *w)
{
    size_t branch = put_branch(w);
    put_statements(w, 1 + below(w, 4));
    if (one_in(w, 2)) {
        aim(w, branch, w->p->n);
        return;
    }
    size_t over = put_jump(w);
    aim(w, branch, w->p->n);
    put_statements(w, 1 + below(w, 4));
    aim(w, over, w->p->n);
}

/** A way out of a few statements from the middle of them. */
static void put_break(struct writer *w)
{
    size_t first = put_branch(w);
    put_statements(w, 1 + below(w, 2));
    size_t second = put_branch(w);
    put_statements(w, 1 + below(w, 2));
    aim(w, first, w->p->n);
    put_statements(w, 1);
    aim(w, second, w->p->n);
}

/** Count down to 0, or up to a register; the test stands at either end. */
static void put_loop(struct writer *w)
{
    static const enum wn_op_id down[] = {WN_OP_JNE64_K,  WN_OP_JGT64_K, WN_OP_JSGT64_K,
                                         WN_OP_JNE32_K,  WN_OP_JGT32_K, WN_OP_JSGT32_K,
                                         WN_OP_JSET64_K, WN_OP_JSET32_K};
    static const enum wn_op_id up[] = {WN_OP_JNE64_X, WN_OP_JLT64_X, WN_OP_JSLT64_X, WN_OP_JLT32_X};
    unsigned before = w->busy, count = quiet_register(w),
             limit = reg_but(w, 1u << WN_R0 | 1u << count);
    int32_t n = 1 + (int32_t)below(w, 6);
    w->busy |= 1u << count;
    put(w, wn_mov64_k(count, n));
    switch (below(w, 3)) {
    case 0: {
        enum wn_op_id end = down[below(w, sizeof down / sizeof *down)];
        size_t top = w->p->n;
        put_statements(w, 1 + below(w, 3));
        put(w, wn_sub64_k(count, 1));
        put(w, wn_encode(end, count, 0, 0, wn_rows[end].opcode >> 4 == 4 ? 15 : 0));
        aim(w, w->p->n - 1, top);
        break;
    }
    case 1: {
        w->busy |= 1u << limit;
        put(w, wn_mov64_k(limit, n + 1 + (int32_t)below(w, 4)));
        size_t top = w->p->n;
        put_statements(w, 1 + below(w, 3));
        put(w, wn_add32_k(count, 1));
        put(w, wn_encode(up[below(w, 4)], count, limit, 0, 0));
        aim(w, w->p->n - 1, top);
        break;
    }
    default: {
        size_t top = w->p->n;
        put(w, one_in(w, 2) ? wn_jeq64_k(count, 0, 0) : wn_jsle32_k(count, 0, 0));
        put(w, wn_add64_k(count, -1));
        put_statements(w, 1 + below(w, 3));
        aim(w, put_jump(w), top);
        aim(w, top, w->p->n);
        break;
    }
    }
    w->busy = before;
}

/** After a call r1 to r5 are nothing to the kernel. */
static void put_numbers_after_call(struct writer *w)
{
    for (unsigned r = WN_R1; r <= WN_R5; r++)
        if (!(w->busy >> r & 1))
            put_number(w, r);
}

/** Pass on where the data is; the other arguments are whatever numbers there are. */
static void put_call(struct writer *w, unsigned func)
{
    assert(w->n_calls < sizeof w->calls / sizeof *w->calls);
    put(w, wn_mov64_x(WN_R1, w->base));
    put(w, wn_ldx_dw(WN_R2, WN_R10, FRAME_END));
    w->calls[w->n_calls].at = w->p->n;
    w->calls[w->n_calls++].func = func;
    w->called[func] = true;
    put(w, wn_call_local(0));
    put_numbers_after_call(w);
}

/** A call of some function behind this one; one path through each is enough for the verifier. */
static void put_some_call(struct writer *w)
{
    unsigned func = w->func + 1 + below(w, FUNCS);
    if (func < w->funcs && w->depth <= 2 && w->n_calls < 16 && !(w->busy & 0x3f))
        put_call(w, func);
    else
        put_alu(w);
}

static void put_packet_load(struct writer *w)
{
    enum wn_op_id id = row_of(w, WN_KIND_PACKET);
    int32_t imm = one_in(w, 40) ? (int32_t)below(w, 4096) : (int32_t)below(w, 440);
    unsigned src = 0;
    if (wn_rows[id].form == WN_FORM_IND) { /* what is negative means something else in the kernel */
        src = reg(w);
        put(w, wn_and64_k(src, one_in(w, 40) ? 0x3fffffff : 63));
    }
    put(w, wn_encode(id, 0, src, 0, imm));
    put_numbers_after_call(w);
}

/** The end, in the middle. */
static void put_exit(struct writer *w)
{
    size_t branch = put_branch(w);
    put(w, wn_exit());
    aim(w, branch, w->p->n);
}

static void put_statement(struct writer *w)
{
    uint32_t n = below(w, 100);
    bool may_nest = w->depth < 4;
    if (n < 50)
        put_alu(w);
    else if (n < 54)
        put_number(w, reg(w));
    else if (n < 64)
        put_stack(w);
    else if (n < 72)
        put_data(w);
    else if (n < 78)
        put_rest(w);
    else if (n < 86 && may_nest)
        put_if(w);
    else if (n < 88 && may_nest)
        put_break(w);
    else if (n < 91 && w->depth <= 1)
        put_loop(w);
    else if (n < 98 && w->packet_loads && !(w->busy & 0x3f))
        put_packet_load(w);
    else if (n < 98)
        put_some_call(w);
    else if (one_in(w, 3))
        put_exit(w);
}

/** Everything holds a number: most of it one that the verifier does not know. */
static void put_first_numbers(struct writer *w, unsigned already)
{
    put(w, wn_mov64_k(WN_R0, constant(w)));
    for (unsigned word = 0; word < FRAME_WORDS; word++) {
        int16_t off = (int16_t)(FRAME_LOW + 8 * (int)word);
        if (one_in(w, 2)) {
            put(w, wn_ldx_dw(WN_R0, w->base, (int16_t)below(w, CLEAN_DATA_BYTES - 7)));
            put(w, wn_stx_dw(WN_R10, off, WN_R0));
        } else {
            put(w, wn_st_dw(WN_R10, off, constant(w)));
        }
    }
    for (unsigned r = WN_R0; r < WN_R10; r++) {
        if ((w->busy | already) >> r & 1)
            continue;
        if (one_in(w, 4))
            put_number(w, r);
        else
            put(w, wn_ldx_dw(r, w->base, (int16_t)(8 * below(w, CLEAN_DATA_BYTES / 8))));
    }
}

static void put_frame(struct writer *w, unsigned base, unsigned end)
{
    put(w, wn_stx_dw(WN_R10, FRAME_END, end));
    put(w, wn_stx_dw(WN_R10, FRAME_BASE, base));
}

static void put_main(struct writer *w, bool for_kernel, enum program_for kind)
{
    w->base = w->packet_loads || w->funcs > 1 ? WN_R7 + below(w, 3) : WN_R1 + below(w, 9);
    w->busy = 1u << w->base;
    if (w->packet_loads) { /* the kernel wants its context there */
        put(w, wn_mov64_x(WN_R6, WN_R1));
        w->busy |= 1u << WN_R6;
    }
    unsigned end = w->base == WN_R4 ? WN_R3 : WN_R4;
    program_begin(w->p, for_kernel ? kind : FOR_US, w->base, end, WN_R0, CLEAN_DATA_BYTES);
    put_frame(w, w->base, end);
    put_first_numbers(w, 0);
    put_statements(w, 4 + below(w, 30));
    for (unsigned func = 1; func < w->funcs; func++)
        if (!w->called[func]) /* else the kernel would not know it */
            put_call(w, func);
    for (unsigned r = WN_R0; r < WN_R10; r++)
        if (!(w->busy >> r & 1))
            put(w, wn_stx_dw(w->base, (int16_t)(LEFT_REGISTERS + 8 * r), r));
    unsigned result = reg(w), copy = reg_but(w, 1u << result);
    for (unsigned word = 0; word < FRAME_WORDS; word++) {
        put(w, wn_ldx_dw(copy, WN_R10, (int16_t)(FRAME_LOW + 8 * (int)word)));
        put(w, wn_stx_dw(w->base, (int16_t)(LEFT_STACK + 8 * word), copy));
    }
    if (result != WN_R0)
        put(w, wn_mov64_x(WN_R0, result));
    put(w, wn_exit());
}

/** r1 and r2 say where the data is, r3 to r5 are numbers, and the rest is nothing yet. */
static void put_function(struct writer *w)
{
    w->base = WN_R6 + below(w, 4);
    w->busy = 1u << w->base;
    put_frame(w, WN_R1, WN_R2);
    put(w, wn_mov64_x(w->base, WN_R1));
    put_first_numbers(w, 1u << WN_R3 | 1u << WN_R4 | 1u << WN_R5);
    put_statements(w, 2 + below(w, 10));
    for (unsigned n = below(w, 4); n > 0; n--) {
        int16_t off = (int16_t)below(w, CLEAN_DATA_BYTES - 7);
        put(w, wn_stx_dw(w->base, off, reg(w)));
    }
    put(w, wn_xor64_x(WN_R0, reg(w)));
    put(w, wn_exit());
}

enum program_for clean_write(struct program *p, uint64_t seed, bool for_kernel, uint64_t rest)
{
    struct writer w = {.p = p, .seed = seed, .rest = rest};
    enum program_for kind = one_in(&w, 3) ? FOR_TC : FOR_XDP;
    w.whom = for_kernel ? kind : FOR_US;
    w.packet_loads = kind == FOR_TC && !one_in(&w, 4);
    w.funcs = w.packet_loads || one_in(&w, 2) ? 1 : 2 + below(&w, FUNCS - 1);
    p->n = 0;
    for (w.func = 0; w.func < w.funcs; w.func++) {
        w.start[w.func] = p->n;
        if (w.func == 0)
            put_main(&w, for_kernel, kind);
        else
            put_function(&w);
    }
    for (unsigned i = 0; i < w.n_calls; i++)
        p->slots[w.calls[i].at].imm =
            (int32_t)w.start[w.calls[i].func] - (int32_t)w.calls[i].at - 1;
    return kind;
}
