/* SPDX-License-Identifier: MIT */
/*
 * Registers
 *
 *   r0       x7, as x0 is r1; x0 itself if nobody reads r1 and nothing is called. A value that is
 *            computed just before the exit is computed into x0
 *   r1-r5    x0-x4: the arguments of helpers and of the program are in place. r4 and r5 are x4
 *            and x5 in programs without calls, where x3 keeps the run
 *   r6-r9    in programs without calls x6 and x8-x10; else x19-x22
 *   aux      x11
 *   anchor   what the fields of the run are addressed from: the run as it arrives, in x3, or in
 *            x23 if something is called. If the program reads r10 and has no functions, both are
 *            one register, and fields lie behind the end of the stack
 *   r10      the end of the frame: the anchor, or x24
 *   windows  base and rooms, as far as registers are left in programs without calls; loaded at
 *            the entry
 *   x14-x17  scratch, never kept across operations. x18 is the platform's
 *
 * Programs without calls save nothing and have no frame. The stack pointer is always aligned.
 *
 * Stubs are what is rarely reached; they stand behind the code. A guard's pushes its slot and
 * x30 and calls the thunk for its size and direction with the address in x16; that asks
 * wn_run_reach() and either comes back or leaves the program. Faults leave with the slot in x16.
 */
#include "jit/backend.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "jit/a64_enc.h"

enum { W32 = false, W64 = true };
enum { FIXUP_FAR };

#define ADDRESS A64_X16 /* of an access */
#define TEMP    A64_X17
#define STATUS  A64_X15
#define OTHER   A64_X14
#define RESULT  A64_X0
#define LINK    A64_X30
#define NO_REG  A64_ZR

/** Homes and windows are x0 to x13. */
enum { KEPT_PAIRS = 7 };

/** Labels that all code shares, behind those of blocks and functions. */
enum shared_label {
    LEAVE,
    ENDED,                      /* by a helper */
    FAULT,                      /* and the fault's number */
    WINDOW = FAULT + WN_FAULTS, /* and the bit in wn_shape.windows */
    REACH = WINDOW + WN_GEN_WINDOWS,
    SHARED_LABELS
};

/* ---- what operations are made of */

static unsigned home(const struct wn_gen *g, unsigned reg)
{
    return g->home[reg];
}

/** Bytes from the run to where the anchor points. */
static int32_t anchor_at(const struct wn_gen *g)
{
    return g->home[WN_R10] == g->anchor ? (int32_t)WN_STACK_BYTES : 0;
}

static struct a64_mem field(const struct wn_gen *g, size_t offset)
{
    return (struct a64_mem){g->anchor, (int32_t)offset - anchor_at(g)};
}

static void commit(struct wn_gen *g)
{
    wn_buf_prepend(&g->buf, &g->chunk);
}

static void copy(struct wn_gen *g, bool wide, unsigned d, unsigned n)
{
    if (d != n)
        a64_mov_rr(&g->chunk, wide, d, n);
}

/** A move of 32 bits clears the upper half even onto itself. */
static void move(struct wn_gen *g, bool wide, unsigned d, unsigned n)
{
    if (!wide || d != n)
        a64_mov_rr(&g->chunk, wide, d, n);
}

static uint64_t extended(bool wide, int32_t imm)
{
    return wide ? (uint64_t)(int64_t)imm : (uint32_t)imm;
}

/** A register that holds a constant: zero costs nothing. */
static unsigned constant(struct wn_gen *g, unsigned temp, uint64_t value)
{
    if (value == 0)
        return A64_ZR;
    a64_mov_ri(&g->chunk, temp, value);
    return temp;
}

/** d = n + imm; needs TEMP only if d is n. */
static void add(struct wn_gen *g, bool wide, unsigned d, unsigned n, int64_t imm)
{
    uint64_t value = wide ? (uint64_t)imm : (uint32_t)imm;
    uint64_t minus = wide ? 0 - value : (uint32_t)(0 - value);
    if (value == 0)
        move(g, wide, d, n);
    else if (a64_fits_arith(value))
        a64_arith_i(&g->chunk, A64_ADD, wide, d, n, (uint32_t)value);
    else if (a64_fits_arith(minus))
        a64_arith_i(&g->chunk, A64_SUB, wide, d, n, (uint32_t)minus);
    else
        a64_arith_r(&g->chunk, A64_ADD, wide, d, n, constant(g, d == n ? TEMP : d, value));
}

/** [reg + off] as an access of `size` bytes takes it. */
static struct a64_mem operand(struct wn_gen *g, const struct wn_op *op)
{
    unsigned base = home(g, op->a);
    if (a64_fits_mem(op->size, op->off))
        return (struct a64_mem){(uint8_t)base, op->off};
    add(g, W64, ADDRESS, base, op->off);
    return (struct a64_mem){ADDRESS, 0};
}

/** Distances count from the instruction, which is the last one of its chunk. */
static int64_t distance_to(const struct wn_gen *g, uint32_t label)
{
    return (int64_t)wn_buf_distance(&g->buf, label) + 4;
}

static void beyond_reach(struct wn_gen *g)
{
    if (!g->buf.error)
        g->buf.error = WN_E_LIMIT;
}

/** End the chunk with a b or bl. */
static void go_far(struct wn_gen *g, void (*put)(struct wn_chunk *, int32_t), uint32_t label)
{
    int64_t distance = distance_to(g, label);
    if (wn_buf_distance(&g->buf, label) == WN_UNPLACED) {
        wn_buf_fixup(&g->buf, label, FIXUP_FAR);
        distance = 0;
    } else if (!a64_fits_branch(A64_FAR, distance)) {
        beyond_reach(g);
    }
    put(&g->chunk, (int32_t)distance);
    commit(g);
}

/** End the chunk with a jump; one to what comes next is left out. */
static void jump(struct wn_gen *g, uint32_t label)
{
    if (wn_buf_distance(&g->buf, label) == 0)
        commit(g);
    else
        go_far(g, a64_b, label);
}

static void call(struct wn_gen *g, uint32_t label)
{
    go_far(g, a64_bl, label);
}

/** End the chunk with a branch; over a jump if its own distance is too short or not known yet. */
static void jump_if(struct wn_gen *g, struct a64_when when, uint32_t label)
{
    int64_t distance = distance_to(g, label);
    if (wn_buf_distance(&g->buf, label) != WN_UNPLACED && a64_fits_branch(when.bits, distance)) {
        a64_branch(&g->chunk, when, (int32_t)distance);
        commit(g);
    } else {
        a64_branch(&g->chunk, a64_unless(when), 8);
        go_far(g, a64_b, label);
    }
}

static bool patch(uint8_t *after, uint8_t kind, int64_t distance)
{
    assert(kind == FIXUP_FAR);
    (void)kind;
    if (!a64_fits_branch(A64_FAR, distance + 4))
        return false;
    a64_aim(after - 4, distance + 4);
    return true;
}

static uint32_t shared(const struct wn_gen *g, unsigned which)
{
    return g->code->n_blocks + g->code->n_funcs + which;
}

/* ---- windows */

/** Number of a window's field in wn_gen.window: its base, then the rooms. */
enum { BASE, ROOM };

static unsigned log2_of(unsigned size)
{
    return size == 8 ? 3 : size / 2;
}

static struct a64_mem window_field(const struct wn_gen *g, bool write, unsigned which)
{
    size_t window = write ? offsetof(struct wn_run, store) : offsetof(struct wn_run, load);
    size_t at = which == BASE ? offsetof(struct wn_window, base)
                              : offsetof(struct wn_window, room) + 8 * (which - ROOM);
    return field(g, window + at);
}

/** The register that holds a window's field, which is a scratch one if it has to be loaded. */
static unsigned window(struct wn_gen *g, bool write, unsigned which, unsigned scratch)
{
    unsigned reg = g->window[write][which];
    if (reg != NO_REG)
        return reg;
    a64_load(&g->chunk, false, 8, scratch, window_field(g, write, which));
    return scratch;
}

/** Which fields the program looks at: bit `which`, from bit 8 on of stores. */
static uint32_t window_fields(const struct wn_gen *g)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < g->code->n_ops; i++) {
        const struct wn_op *op = &g->code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        if (kind == WN_KIND_GUARD || kind == WN_KIND_PACKET)
            found |= (1u << BASE | 2u << log2_of(op->size))
                     << (kind == WN_KIND_GUARD && wn_guard_is_near_stack(op) ? 8 : 0);
    }
    return found;
}

/** Give the windows what registers are left. */
static void map_windows(struct wn_gen *g, uint32_t taken)
{
    uint32_t fields = window_fields(g);
    unsigned reg = A64_X0;
    for (unsigned write = 0; write < 2; write++)
        for (unsigned which = BASE; which < ROOM + 4; which++) {
            while (reg < 2 * KEPT_PAIRS && taken >> reg & 1)
                reg++;
            if (reg < 2 * KEPT_PAIRS && fields >> (8 * write + which) & 1)
                g->window[write][which] = (uint8_t)reg++;
        }
}

/* ---- register map, entry and exit */

static bool calls(const struct wn_gen *g)
{
    return g->shape.helpers || g->shape.locals;
}

static void save(struct wn_gen *g, unsigned machine)
{
    assert(g->n_saved < sizeof g->saved);
    g->saved[g->n_saved++] = (uint8_t)machine;
}

static void map_with_calls(struct wn_gen *g)
{
    static const uint8_t fixed[] = {A64_X7, A64_X0, A64_X1, A64_X2, A64_X3, A64_X4};
    memcpy(g->home, fixed, sizeof fixed);
    g->home[WN_AUX] = A64_X11;
    save(g, A64_X29);
    save(g, LINK);
    for (unsigned r = WN_R6; r <= WN_R9; r++) {
        g->home[r] = (uint8_t)(g->shape.read >> r & 1 ? A64_X19 + (r - WN_R6) : NO_REG);
        if (g->home[r] != NO_REG)
            save(g, g->home[r]);
    }
    g->anchor = A64_X23;
    save(g, A64_X23);
    g->home[WN_R10] = g->shape.locals ? A64_X24 : g->shape.read >> WN_R10 & 1 ? g->anchor : NO_REG;
    if (g->shape.locals)
        save(g, A64_X24);
}

/** Without calls there are registers for everything, and nothing moves at the entry. */
static void map_without_calls(struct wn_gen *g)
{
    static const uint8_t fixed[] = {A64_X7, A64_X0, A64_X1, A64_X2, A64_X4,
                                    A64_X5, A64_X6, A64_X8, A64_X9, A64_X10};
    uint32_t taken = 1u << A64_X3;
    g->anchor = A64_X3;
    for (unsigned r = WN_R0; r <= WN_R9; r++) {
        g->home[r] = g->shape.read >> r & 1 ? fixed[r] : NO_REG;
        if (g->home[r] != NO_REG)
            taken |= 1u << g->home[r];
    }
    if (g->home[WN_R1] == NO_REG) {
        g->home[WN_R0] = RESULT;
        taken |= 1u << RESULT;
    }
    g->home[WN_R10] = g->shape.read >> WN_R10 & 1 ? g->anchor : NO_REG;
    g->home[WN_AUX] = A64_X11;
    if (g->shape.read >> WN_AUX & 1)
        taken |= 1u << A64_X11;
    map_windows(g, taken);
}

/** Store registers i and i + 1 of those that are pushed; the first two make the room. */
static void push_pair(struct wn_gen *g, const uint8_t *regs, unsigned n, unsigned i)
{
    a64_store_pair(&g->chunk, i ? A64_OFFSET : A64_PRE, regs[i], i + 1 < n ? regs[i + 1] : A64_ZR,
                   (struct a64_mem){A64_SP, i ? 8 * (int)i : -8 * (int)(n + n % 2)});
}

/** Load registers i and i + 1 again; the first two are the last ones. */
static void pop_pair(struct wn_gen *g, const uint8_t *regs, unsigned n, unsigned i)
{
    a64_load_pair(&g->chunk, i ? A64_OFFSET : A64_POST, regs[i], i + 1 < n ? regs[i + 1] : A64_ZR,
                  (struct a64_mem){A64_SP, i ? 8 * (int)i : 8 * (int)(n + n % 2)});
}

/** Push registers in pairs, the last one with zero if it is alone. */
static void push(struct wn_gen *g, const uint8_t *regs, unsigned n)
{
    for (unsigned i = 0; i < n; i += 2)
        push_pair(g, regs, n, i);
}

static void pop(struct wn_gen *g, const uint8_t *regs, unsigned n)
{
    for (unsigned k = n + n % 2; k > 0; k -= 2)
        pop_pair(g, regs, n, k - 2);
}

/** Push registers of the caller. */
static void push_frame(struct wn_gen *g, const uint8_t *regs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i % 2 == 0)
            push_pair(g, regs, n, i);
        if (i == 0)
            wn_chunk_step(&g->chunk, WN_FRAME_GROWS, 0, (int)(n + n % 2));
        wn_chunk_step(&g->chunk, WN_FRAME_SAVED, regs[i], (int)i);
    }
}

/** Pop registers of the caller, and return to it. */
static void pop_frame(struct wn_gen *g, const uint8_t *regs, unsigned n)
{
    wn_chunk_step(&g->chunk, WN_FRAME_LEAVING, 0, 0);
    for (unsigned i = n; i-- > 0;) {
        if (i % 2 == 0)
            pop_pair(g, regs, n, i);
        wn_chunk_step(&g->chunk, WN_FRAME_RESTORED, regs[i], 0);
    }
    if (n)
        wn_chunk_step(&g->chunk, WN_FRAME_GROWS, 0, -(int)(n + n % 2));
    a64_ret(&g->chunk);
    wn_chunk_step(&g->chunk, WN_FRAME_LEFT, 0, 0);
}

/** Clear those of some registers that are in `live` and have a home. */
static void clear(struct wn_gen *g, uint32_t live, unsigned first, unsigned last)
{
    for (unsigned r = first; r <= last; r++)
        if (live >> r & 1 && g->home[r] != NO_REG)
            a64_mov_ri(&g->chunk, home(g, r), 0);
}

/** Frame and registers of the whole program, at its entry. */
static void set_up(struct wn_gen *g)
{
    uint32_t live = g->lives[0].in;
    struct wn_chunk *c = &g->chunk;
    push_frame(g, g->saved, g->n_saved);
    if (g->n_saved)
        a64_arith_i(c, A64_ADD, W64, A64_X29, A64_SP, 0);
    if (g->shape.needs)
        add(g, W64, g->anchor, A64_X3, anchor_at(g));
    clear(g, live, WN_R0, WN_R0);
    clear(g, live, WN_R4, WN_R9);
    for (unsigned write = 0; write < 2; write++)
        for (unsigned which = BASE; which < ROOM + 4; which++)
            if (g->window[write][which] != NO_REG)
                a64_load(c, false, 8, g->window[write][which], window_field(g, write, which));
}

/**
 * What a function pushes: x30, and those of r6 to r9 that it writes. Nobody
 * misses these when only the entry calls.
 */
static unsigned kept_by(const struct wn_gen *g, uint8_t regs[5])
{
    unsigned n = 0;
    regs[n++] = LINK;
    if (g->func == 0 && !g->shape.main_called)
        return n;
    for (unsigned r = WN_R6; r <= WN_R9; r++)
        if (g->written & g->shape.read & 1u << r)
            regs[n++] = g->home[r];
    return n;
}

static void enter_func(struct wn_gen *g, uint32_t func)
{
    if (!g->shape.locals) {
        set_up(g);
    } else {
        uint8_t kept[5];
        push_frame(g, kept, kept_by(g, kept));
        clear(g, g->lives[g->code->funcs[func].first].in, WN_R0, WN_R0);
    }
    commit(g);
}

/** Leave the program: the result is in x0, fault and slot in x1. */
static void finish(struct wn_gen *g)
{
    pop_frame(g, g->saved, g->n_saved);
    commit(g);
}

/** Whether an operation gives a value to r0 that could as well be put into x0. */
static bool gives_r0(const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    return op->id == WN_OP_CALL ||
           (op->dst == WN_R0 &&
            (kind == WN_KIND_ALU || kind == WN_KIND_WIDE || kind == WN_KIND_LOAD));
}

/** Whether an operation ends the program: an exit, or a jump that becomes one. */
static bool ends(const struct wn_gen *g, const struct wn_op *op)
{
    if (wn_op_kind(op) == WN_KIND_JUMP)
        op = &g->code->ops[g->code->blocks[op->target].first];
    return op->id == WN_OP_EXIT && !g->shape.locals;
}

/** Where an operation's result goes: dst's home, or x0 if the program ends with it. */
static unsigned target(const struct wn_gen *g, const struct wn_op *op)
{
    const struct wn_block *b = &g->code->blocks[g->block];
    bool last = op == &g->code->ops[b->first + b->count - 1];
    if (!last && gives_r0(op) && ends(g, op + 1))
        return RESULT;
    return home(g, op->id == WN_OP_CALL ? WN_R0 : op->dst);
}

/** End the function at `op`, which is an exit or jumps to one. */
static void exit_func(struct wn_gen *g, const struct wn_op *op)
{
    if (g->shape.locals) {
        uint8_t kept[5];
        pop_frame(g, kept, kept_by(g, kept));
        commit(g);
        return;
    }
    bool first = op == &g->code->ops[g->code->blocks[g->block].first];
    if (first || !gives_r0(op - 1))
        copy(g, W64, RESULT, home(g, WN_R0));
    a64_mov_ri(&g->chunk, A64_X1, 0);
    finish(g);
}

/** Programs with functions are entered from outside through this, so that main is one of them. */
static void entry(struct wn_gen *g)
{
    if (!g->shape.locals)
        return;
    copy(g, W64, RESULT, home(g, WN_R0));
    a64_mov_ri(&g->chunk, A64_X1, 0);
    finish(g);
    set_up(g);
    add(g, W64, home(g, WN_R10), g->anchor, WN_STACK_BYTES);
    a64_arith_i(&g->chunk, A64_ADD, W64, TEMP, A64_SP, 0);
    a64_store(&g->chunk, 8, TEMP, field(g, offsetof(struct wn_run, native_sp)));
    call(g, wn_gen_func_label(g, 0));
}

/* ---- stubs and thunks */

/** Leave the program from any depth; x1 is set. */
static void leave(struct wn_gen *g)
{
    if (g->shape.locals) {
        a64_load(&g->chunk, false, 8, TEMP, field(g, offsetof(struct wn_run, native_sp)));
        a64_arith_i(&g->chunk, A64_ADD, W64, A64_SP, TEMP, 0);
    }
    a64_mov_ri(&g->chunk, RESULT, 0);
    finish(g);
    wn_buf_place(&g->buf, shared(g, LEAVE));
}

/** Leave with a fault; the slot is in x16. */
static void fault(struct wn_gen *g, enum wn_fault which)
{
    a64_shift_i(&g->chunk, A64_LSL, W64, A64_X1, ADDRESS, 32);
    a64_arith_i(&g->chunk, A64_ADD, W64, A64_X1, A64_X1, which);
    jump(g, shared(g, LEAVE));
    wn_buf_place(&g->buf, shared(g, FAULT + which));
}

/** Leave with the fault a helper has left in the run; the slot is in x16. */
static void fault_of_run(struct wn_gen *g)
{
    a64_shift_i(&g->chunk, A64_LSL, W64, A64_X1, ADDRESS, 32);
    a64_load(&g->chunk, false, 4, TEMP, field(g, offsetof(struct wn_run, ended)));
    a64_logic_r(&g->chunk, A64_ORR, W64, A64_X1, A64_X1, TEMP);
    jump(g, shared(g, LEAVE));
    wn_buf_place(&g->buf, shared(g, ENDED));
}

/**
 * Ask about an access. x16 is the address, x17 is size | write << 4, x30 leads
 * back into the guard's stub; on the stack lie the slot and the program's x30.
 * All that the program may have in registers a C function changes is kept.
 */
static void reach(struct wn_gen *g)
{
    uint8_t kept[2 + 2 * KEPT_PAIRS] = {A64_X29, LINK};
    uint8_t restored[2 + 2 * KEPT_PAIRS] = {A64_X29, TEMP};
    static const uint8_t stub[] = {ADDRESS, LINK};
    struct wn_chunk *c = &g->chunk;
    for (unsigned i = 0; i < 2 * KEPT_PAIRS; i++)
        kept[2 + i] = restored[2 + i] = (uint8_t)(A64_X0 + i);

    a64_br(c, TEMP);
    commit(g);

    push(g, kept, sizeof kept);
    add(g, W64, A64_X0, g->anchor, -anchor_at(g));
    a64_mov_rr(c, W64, A64_X1, ADDRESS);
    a64_logic_i(c, A64_AND, W32, A64_X2, TEMP, 15);
    a64_shift_i(c, A64_LSR, W32, A64_X3, TEMP, 4);
    a64_mov_address(c, TEMP, (uint64_t)(uintptr_t)wn_run_reach);
    a64_blr(c, TEMP);
    a64_extend(c, false, W32, 1, STATUS, A64_X0);
    pop(g, restored, sizeof restored);
    pop(g, stub, sizeof stub);
    jump_if(g, a64_if_zero(W32, STATUS, true), shared(g, FAULT + WN_FAULT_MEMORY));
    wn_buf_place(&g->buf, shared(g, REACH));
}

/** What guards of one size and direction call. */
static void window_thunk(struct wn_gen *g, unsigned bit)
{
    a64_mov_ri(&g->chunk, TEMP, wn_gen_access(bit));
    jump(g, shared(g, REACH));
    wn_buf_place(&g->buf, shared(g, WINDOW + bit));
}

/** A guard's own labels. */
enum guard_label { ASK, BACK, ODD, GUARD_LABELS };

static void guard_stub(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    static const uint8_t kept[] = {TEMP, LINK};
    unsigned bit = wn_gen_window(op);
    if (op->imm) {
        add(g, W64, ADDRESS, home(g, op->a), op->off);
        a64_store(&g->chunk, 8, ADDRESS, field(g, offsetof(struct wn_run, fault_address)));
        a64_mov_ri(&g->chunk, ADDRESS, g->slot);
        jump(g, shared(g, FAULT + WN_FAULT_MEMORY));
        wn_buf_place(&g->buf, label + ODD);
    }
    jump(g, label + BACK);
    add(g, W64, ADDRESS, home(g, op->a), op->off);
    a64_mov_ri(&g->chunk, TEMP, g->slot);
    push(g, kept, sizeof kept);
    call(g, shared(g, WINDOW + bit));
    wn_buf_place(&g->buf, label + ASK);
}

/** A guard of the packet alone asks nobody. */
static void packet_stub(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    add(g, W64, ADDRESS, home(g, op->a), op->off);
    a64_store(&g->chunk, 8, ADDRESS, field(g, offsetof(struct wn_run, fault_address)));
    a64_mov_ri(&g->chunk, ADDRESS, g->slot);
    jump(g, shared(g, FAULT + WN_FAULT_MEMORY));
    wn_buf_place(&g->buf, label + ASK);
}

/** Where a jump goes when there is no fuel, a call when there is no frame left, a check that fails:
 * on to the shared label `how`. */
static uint32_t fault_stub(struct wn_gen *g, unsigned how)
{
    uint32_t label = wn_buf_labels(&g->buf, 1);
    a64_mov_ri(&g->chunk, ADDRESS, how == FAULT + WN_FAULT_NONE ? 0 : g->slot);
    jump(g, shared(g, how));
    wn_buf_place(&g->buf, label);
    return label;
}

static void stubs(struct wn_gen *g)
{
    wn_buf_line(&g->buf, WN_NOWHERE);
    for (uint32_t i = g->last_stub, before; i != WN_NO_STUB && !g->buf.error; i = before) {
        const struct wn_op *op = &g->code->ops[i];
        before = g->stub[i];
        g->slot = g->code->slot[i];
        if (op->id == WN_OP_GUARD_ANY)
            guard_stub(g, op, g->stub[i] = wn_buf_labels(&g->buf, GUARD_LABELS));
        else if (op->id == WN_OP_GUARD_PACKET)
            packet_stub(g, op, g->stub[i] = wn_buf_labels(&g->buf, GUARD_LABELS));
        else if (op->id == WN_OP_FUEL)
            g->stub[i] = fault_stub(g, FAULT + WN_FAULT_FUEL);
        else if (op->id == WN_OP_CALL_LOCAL)
            g->stub[i] = fault_stub(g, FAULT + WN_FAULT_STACK);
        else if (op->id == WN_OP_CHECK)
            g->stub[i] = fault_stub(g, FAULT + (unsigned)op->imm);
        else if (op->id == WN_OP_CHECK_RUN)
            g->stub[i] = fault_stub(g, ENDED);
        wn_buf_line(&g->buf, g->slot);
    }
}

static void begin(struct wn_gen *g)
{
    const struct wn_shape *s = &g->shape;
    memset(g->window, NO_REG, sizeof g->window);
    if (calls(g))
        map_with_calls(g);
    else
        map_without_calls(g);
    wn_buf_labels(&g->buf, SHARED_LABELS);
    if (!s->fuel && !s->locals && !s->guards && !s->faults && !s->ends)
        return;
    leave(g);
    if (s->ends)
        fault_of_run(g);
    for (unsigned which = 0; which < WN_FAULTS; which++)
        if (s->faults >> which & 1)
            fault(g, (enum wn_fault)which);
    if (s->fuel)
        fault(g, WN_FAULT_FUEL);
    if (s->locals)
        fault(g, WN_FAULT_STACK);
    if (s->guards)
        fault(g, WN_FAULT_MEMORY);
    if (s->windows)
        reach(g);
    for (unsigned bit = 0; bit < WN_GEN_WINDOWS; bit++)
        if (s->windows >> bit & 1)
            window_thunk(g, bit);
    stubs(g);
}

/** Subtracting the base first, the sum cannot wrap back into the window. */
static void guard(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    struct wn_chunk *c = &g->chunk;
    unsigned a = home(g, op->a);
    wn_buf_place(&g->buf, label + BACK);
    bool stack = wn_guard_is_near_stack(op);
    unsigned base = window(g, stack, BASE, ADDRESS);
    a64_arith_r(c, A64_SUB, W64, ADDRESS, a, base);
    add(g, W64, ADDRESS, ADDRESS, op->off);
    unsigned room = window(g, stack, ROOM + log2_of(op->size), TEMP);
    a64_arith_r(c, A64_SUBS, W64, A64_ZR, ADDRESS, room);
    jump_if(g, a64_if(A64_HS), label + ASK);
    if (!op->imm)
        return;
    if (op->off & op->imm) {
        add(g, W64, ADDRESS, a, op->off);
        a = ADDRESS;
    }
    a64_logic_i(c, A64_ANDS, W64, A64_ZR, a, (uint64_t)op->imm);
    jump_if(g, a64_if(A64_NE), label + ODD);
}

static void fuel(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    struct a64_mem left = field(g, offsetof(struct wn_run, fuel));
    uint64_t cost = (uint32_t)op->imm;
    a64_load(&g->chunk, false, 8, ADDRESS, left);
    if (a64_fits_arith(cost))
        a64_arith_i(&g->chunk, A64_SUBS, W64, ADDRESS, ADDRESS, (uint32_t)cost);
    else
        a64_arith_r(&g->chunk, A64_SUBS, W64, ADDRESS, ADDRESS, constant(g, TEMP, cost));
    a64_store(&g->chunk, 8, ADDRESS, left);
    jump_if(g, a64_if(A64_LO), label);
}

static void check(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    jump_if(g, a64_if_zero(op->size == 8, home(g, op->a), true), label);
}

static void check_run(struct wn_gen *g, uint32_t label)
{
    a64_load(&g->chunk, false, 4, TEMP, field(g, offsetof(struct wn_run, ended)));
    jump_if(g, a64_if_zero(W32, TEMP, false), label);
}

/* ---- arithmetic */

static void set_imm(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    a64_mov_ri(&g->chunk, target(g, op), extended(wide, op->imm));
    commit(g);
}

static void set_reg(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    move(g, wide, target(g, op), home(g, op->a));
    commit(g);
}

static void extend(struct wn_gen *g, const struct wn_op *op, bool wide, unsigned size)
{
    a64_extend(&g->chunk, true, wide, size, target(g, op), home(g, op->a));
    commit(g);
}

static void add_k(struct wn_gen *g, const struct wn_op *op, bool wide, bool minus)
{
    int64_t imm = op->imm;
    add(g, wide, target(g, op), home(g, op->a), minus ? -imm : imm);
    commit(g);
}

static void add_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_arith arith)
{
    a64_arith_r(&g->chunk, arith, wide, target(g, op), home(g, op->a), home(g, op->b));
    commit(g);
}

static void logic_by(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_logic logic,
                     uint64_t value)
{
    unsigned d = target(g, op), a = home(g, op->a);
    if (a64_fits_logic(wide, value))
        a64_logic_i(&g->chunk, logic, wide, d, a, value);
    else
        a64_logic_r(&g->chunk, logic, wide, d, a, constant(g, TEMP, value));
}

static void logic_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_logic logic)
{
    logic_by(g, op, wide, logic, extended(wide, op->imm));
    commit(g);
}

static void logic_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_logic logic)
{
    a64_logic_r(&g->chunk, logic, wide, target(g, op), home(g, op->a), home(g, op->b));
    commit(g);
}

static void neg(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    a64_arith_r(&g->chunk, A64_SUB, wide, target(g, op), A64_ZR, home(g, op->a));
    commit(g);
}

static void shift_by(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_shift shift,
                     unsigned count)
{
    count &= wide ? 63 : 31;
    if (count)
        a64_shift_i(&g->chunk, shift, wide, target(g, op), home(g, op->a), count);
    else
        move(g, wide, target(g, op), home(g, op->a));
}

static void shift_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_shift shift)
{
    shift_by(g, op, wide, shift, (uint32_t)op->imm);
    commit(g);
}

static void shift_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_shift shift)
{
    a64_shift_r(&g->chunk, shift, wide, target(g, op), home(g, op->a), home(g, op->b));
    commit(g);
}

static bool is_power_of_2(uint64_t v)
{
    return v && !(v & (v - 1));
}

static void mul_k(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    uint64_t k = extended(wide, op->imm);
    if (is_power_of_2(k))
        shift_by(g, op, wide, A64_LSL, (unsigned)__builtin_ctzll(k));
    else
        a64_mul(&g->chunk, wide, target(g, op), home(g, op->a), constant(g, TEMP, k));
    commit(g);
}

static void mul_x(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    a64_mul(&g->chunk, wide, target(g, op), home(g, op->a), home(g, op->b));
    commit(g);
}

/** Which of the four divisions. */
enum division { DIV, MOD, SDIV, SMOD };

/** RFC 9669, 4.1, and the machine agree on division by zero, and on what -1 overflows to. */
static void divide(struct wn_gen *g, const struct wn_op *op, bool wide, enum division d, unsigned b)
{
    bool is_signed = d == SDIV || d == SMOD;
    unsigned dst = target(g, op), a = home(g, op->a);
    if (d == DIV || d == SDIV) {
        a64_div(&g->chunk, is_signed, wide, dst, a, b);
    } else {
        a64_div(&g->chunk, is_signed, wide, ADDRESS, a, b);
        a64_msub(&g->chunk, wide, dst, ADDRESS, b, a);
    }
    commit(g);
}

static void div_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum division d)
{
    divide(g, op, wide, d, home(g, op->b));
}

static void div_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum division d)
{
    uint64_t k = extended(wide, op->imm);
    if (d == DIV && is_power_of_2(k)) {
        shift_by(g, op, wide, A64_LSR, (unsigned)__builtin_ctzll(k));
        commit(g);
    } else if (d == MOD && is_power_of_2(k)) {
        logic_by(g, op, wide, A64_AND, k - 1);
        commit(g);
    } else {
        divide(g, op, wide, d, constant(g, TEMP, k));
    }
}

/** Of the low bytes; this machine is little-endian, so le only cuts off. */
static void to_le(struct wn_gen *g, const struct wn_op *op, unsigned size)
{
    if (size == 8)
        move(g, W64, target(g, op), home(g, op->a));
    else
        a64_extend(&g->chunk, false, W32, size, target(g, op), home(g, op->a));
    commit(g);
}

static void swap_bytes(struct wn_gen *g, const struct wn_op *op, unsigned size)
{
    unsigned dst = target(g, op);
    a64_rev(&g->chunk, size, dst, home(g, op->a));
    if (size == 2)
        a64_extend(&g->chunk, false, W32, 2, dst, dst);
    commit(g);
}

static void wide_imm(struct wn_gen *g, const struct wn_op *op)
{
    a64_mov_ri(&g->chunk, target(g, op), wn_op_wide(op));
    commit(g);
}

/** The slot of per-CPU maps that is the run's. */
static void cpu(struct wn_gen *g, const struct wn_op *op)
{
    a64_load(&g->chunk, false, 4, target(g, op), field(g, offsetof(struct wn_run, cpu)));
    commit(g);
}

/* ---- memory */

static void load(struct wn_gen *g, const struct wn_op *op, bool is_signed)
{
    a64_load(&g->chunk, is_signed, op->size, target(g, op), operand(g, op));
    commit(g);
}

static void store_k(struct wn_gen *g, const struct wn_op *op)
{
    uint64_t value = extended(op->size == 8, op->imm) & UINT64_MAX >> (64 - 8 * op->size);
    struct a64_mem m = operand(g, op);
    a64_store(&g->chunk, op->size, constant(g, TEMP, value), m);
    commit(g);
}

static void store_x(struct wn_gen *g, const struct wn_op *op)
{
    struct a64_mem m = operand(g, op);
    a64_store(&g->chunk, op->size, home(g, op->b), m);
    commit(g);
}

/* ---- atomic operations: sequentially consistent, as the interpreters' */

static bool result_is_dead(const struct wn_gen *g, const struct wn_op *op)
{
    return !(g->live >> op->dst & 1);
}

/** These have no displacements. */
static unsigned atomic_address(struct wn_gen *g, const struct wn_op *op)
{
    if (op->off == 0)
        return home(g, op->a);
    add(g, W64, ADDRESS, home(g, op->a), op->off);
    return ADDRESS;
}

/** The new value of a loop, in OTHER, from the old one; or b itself for an exchange. */
static unsigned new_value(struct wn_gen *g, enum a64_atomic how, bool wide, unsigned old,
                          unsigned b)
{
    switch (how) {
    case A64_LDADD: a64_arith_r(&g->chunk, A64_ADD, wide, OTHER, old, b); break;
    case A64_LDCLR: a64_logic_r(&g->chunk, A64_AND, wide, OTHER, old, b); break;
    case A64_LDEOR: a64_logic_r(&g->chunk, A64_EOR, wide, OTHER, old, b); break;
    case A64_LDSET: a64_logic_r(&g->chunk, A64_ORR, wide, OTHER, old, b); break;
    case A64_SWP: return b;
    }
    return OTHER;
}

/** LDCLR stands for and: the instruction clears the bits that its operand has. */
static void atomic(struct wn_gen *g, const struct wn_op *op, enum a64_atomic how, bool fetch)
{
    struct wn_chunk *c = &g->chunk;
    bool wide = op->size == 8, wanted = fetch && !result_is_dead(g, op);
    unsigned b = home(g, op->b), at = atomic_address(g, op);
    if (g->shape.features & WN_A64_LSE) {
        if (how == A64_LDCLR)
            a64_mvn(c, wide, TEMP, b);
        a64_atomic(c, how, wide, how == A64_LDCLR ? TEMP : b, wanted ? home(g, op->dst) : OTHER,
                   at);
    } else {
        uint32_t again = c->len;
        a64_load_exclusive(c, wide, TEMP, at);
        a64_store_exclusive(c, wide, STATUS, new_value(g, how, wide, TEMP, b), at);
        a64_branch(c, a64_if_zero(W32, STATUS, false), (int32_t)(again - c->len));
        if (wanted)
            a64_mov_rr(c, wide, home(g, op->dst), TEMP);
    }
    commit(g);
}

/** r0 is compared and takes the old value. */
static void atomic_compare(struct wn_gen *g, const struct wn_op *op)
{
    struct wn_chunk *c = &g->chunk;
    bool wide = op->size == 8;
    unsigned r0 = home(g, WN_R0), b = home(g, op->b), at = atomic_address(g, op);
    if (g->shape.features & WN_A64_LSE) {
        a64_cas(c, wide, r0, b, at);
    } else {
        uint32_t again = c->len;
        a64_load_exclusive(c, wide, TEMP, at);
        a64_arith_r(c, A64_SUBS, wide, A64_ZR, TEMP, r0);
        a64_branch(c, a64_if(A64_NE), 12);
        a64_store_exclusive(c, wide, STATUS, b, at);
        a64_branch(c, a64_if_zero(W32, STATUS, false), (int32_t)(again - c->len));
        a64_mov_rr(c, wide, r0, TEMP);
    }
    commit(g);
}

/* ---- control */

static void compare_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_cc cc)
{
    unsigned a = home(g, op->a);
    uint64_t value = extended(wide, op->imm);
    uint64_t minus = wide ? 0 - value : (uint32_t)(0 - value);
    struct a64_when when = a64_if(cc);
    if (value == 0 && (cc == A64_EQ || cc == A64_NE))
        when = a64_if_zero(wide, a, cc == A64_EQ);
    else if (value == 0 && (cc == A64_LT || cc == A64_GE))
        when = a64_if_bit(a, wide ? 63 : 31, cc == A64_LT);
    else if (a64_fits_arith(value))
        a64_arith_i(&g->chunk, A64_SUBS, wide, A64_ZR, a, (uint32_t)value);
    else if (a64_fits_arith(minus))
        a64_arith_i(&g->chunk, A64_ADDS, wide, A64_ZR, a, (uint32_t)minus);
    else
        a64_arith_r(&g->chunk, A64_SUBS, wide, A64_ZR, a, constant(g, TEMP, value));
    jump_if(g, when, wn_gen_block_label(g, op->target));
}

static void compare_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_cc cc)
{
    a64_arith_r(&g->chunk, A64_SUBS, wide, A64_ZR, home(g, op->a), home(g, op->b));
    jump_if(g, a64_if(cc), wn_gen_block_label(g, op->target));
}

static void test_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_cc cc)
{
    unsigned a = home(g, op->a);
    uint64_t value = extended(wide, op->imm);
    struct a64_when when = a64_if(cc);
    if (is_power_of_2(value))
        when = a64_if_bit(a, (unsigned)__builtin_ctzll(value), cc == A64_NE);
    else if (a64_fits_logic(wide, value))
        a64_logic_i(&g->chunk, A64_ANDS, wide, A64_ZR, a, value);
    else
        a64_logic_r(&g->chunk, A64_ANDS, wide, A64_ZR, a, constant(g, TEMP, value));
    jump_if(g, when, wn_gen_block_label(g, op->target));
}

static void test_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum a64_cc cc)
{
    a64_logic_r(&g->chunk, A64_ANDS, wide, A64_ZR, home(g, op->a), home(g, op->b));
    jump_if(g, a64_if(cc), wn_gen_block_label(g, op->target));
}

static void branch_unless_tailed(struct wn_gen *g, const struct wn_op *op)
{
    a64_load(&g->chunk, false, 4, TEMP, field(g, offsetof(struct wn_run, tailed)));
    jump_if(g, a64_if_zero(W32, TEMP, true), wn_gen_block_label(g, op->target));
}

/** A jump to where the function ends at once ends it here. */
static void jump_always(struct wn_gen *g, const struct wn_op *op)
{
    const struct wn_block *to = &g->code->blocks[op->target];
    if (g->code->ops[to->first].id == WN_OP_EXIT)
        exit_func(g, op);
    else
        jump(g, wn_gen_block_label(g, op->target));
}

static void call_helper(struct wn_gen *g, const struct wn_op *op)
{
    const struct wn_call *callee = &g->code->calls[op->target];
    if (callee->checked) {
        a64_mov_address(&g->chunk, ADDRESS, (uint64_t)(uintptr_t)callee);
        a64_store(&g->chunk, 8, ADDRESS, field(g, offsetof(struct wn_run, call)));
    }
    add(g, W64, A64_X5, g->anchor, -anchor_at(g));
    a64_mov_address(&g->chunk, ADDRESS, (uint64_t)(uintptr_t)callee->fn);
    a64_blr(&g->chunk, ADDRESS);
    if (g->live >> WN_R0 & 1)
        copy(g, W64, target(g, op), RESULT);
    clear(g, g->live, WN_R1, WN_R5);
    commit(g);
}

/** The callee's frame lies below; there are only so many. */
static void call_local(struct wn_gen *g, const struct wn_op *op, uint32_t too_deep)
{
    const uint32_t frame = g->code->frame_bytes;
    const uint32_t deepest = WN_STACK_BYTES - frame * (g->code->call_depth - 1);
    unsigned r10 = home(g, WN_R10);
    add(g, W64, r10, r10, frame);
    clear(g, g->live, WN_R1, WN_R5);
    commit(g);
    add(g, W64, r10, r10, -(int64_t)frame);
    call(g, wn_gen_func_label(g, op->target));
    a64_arith_r(&g->chunk, A64_SUB, W64, TEMP, r10, g->anchor);
    a64_arith_i(&g->chunk, A64_SUBS, W64, A64_ZR, TEMP, deepest);
    jump_if(g, a64_if(A64_LS), too_deep);
}

/** What follows a packet load: r0, if it is read, is in host order, r1 to r5 are clear. */
static void packet_loaded(struct wn_gen *g, const struct wn_op *op)
{
    if (op->size > 1 && g->live >> WN_R0 & 1)
        a64_rev(&g->chunk, op->size, home(g, WN_R0), home(g, WN_R0));
    clear(g, g->live, WN_R1, WN_R5);
    commit(g);
}

/** Load from the packet at an offset that compare and load take as it is. */
static void packet_at_constant(struct wn_gen *g, const struct wn_op *op)
{
    struct wn_chunk *c = &g->chunk;
    if (g->live >> WN_R0 & 1)
        a64_load(c, false, op->size, home(g, WN_R0),
                 (struct a64_mem){(uint8_t)window(g, false, BASE, TEMP), op->imm});
    packet_loaded(g, op);
    unsigned room = window(g, false, ROOM + log2_of(op->size), TEMP);
    a64_arith_i(c, A64_SUBS, W64, A64_ZR, room, (uint32_t)op->imm);
    jump_if(g, a64_if(A64_LS), wn_gen_block_label(g, op->target));
}

/** Offsets are 32 bits without sign, as in classic BPF; the packet is the window of loads. */
static void packet(struct wn_gen *g, const struct wn_op *op)
{
    struct wn_chunk *c = &g->chunk;
    bool indirect = wn_rows[op->id].form == WN_FORM_IND;
    if (!indirect && a64_fits_arith((uint32_t)op->imm) &&
        a64_fits_mem(op->size, (uint32_t)op->imm)) {
        packet_at_constant(g, op);
        return;
    }
    if (g->live >> WN_R0 & 1)
        a64_load_x(c, op->size, home(g, WN_R0), window(g, false, BASE, TEMP), ADDRESS);
    packet_loaded(g, op);
    if (indirect)
        add(g, W32, ADDRESS, home(g, op->a), op->imm);
    else
        a64_mov_ri(c, ADDRESS, (uint32_t)op->imm);
    unsigned room = window(g, false, ROOM + log2_of(op->size), TEMP);
    a64_arith_r(c, A64_SUBS, W64, A64_ZR, ADDRESS, room);
    jump_if(g, a64_if(A64_HS), wn_gen_block_label(g, op->target));
}

/** Lowering leaves none of these. */
static void refuse(struct wn_gen *g)
{
    if (!g->buf.error)
        g->buf.error = WN_E_NOJIT;
}

#define FORMS(name, by_constant, by_register, how)                                                 \
    case WN_OP_##name##64_K: by_constant(g, op, W64, how); break;                                  \
    case WN_OP_##name##32_K: by_constant(g, op, W32, how); break;                                  \
    case WN_OP_##name##64_X: by_register(g, op, W64, how); break;                                  \
    case WN_OP_##name##32_X:                                                                       \
        by_register(g, op, W32, how);                                                              \
        break;
#define ATOMIC(name, how, fetch)                                                                   \
    case WN_OP_ATOMIC_##name##32:                                                                  \
    case WN_OP_ATOMIC_##name##64: atomic(g, op, how, fetch); break;

/* No default: a new row of isa.def has to be thought of here. */
static void emit_op(struct wn_gen *g, const struct wn_op *op, uint32_t index)
{
    switch ((enum wn_op_id)op->id) {
    case WN_OP_ADD64_K: add_k(g, op, W64, false); break;
    case WN_OP_ADD32_K: add_k(g, op, W32, false); break;
    case WN_OP_ADD64_X: add_x(g, op, W64, A64_ADD); break;
    case WN_OP_ADD32_X: add_x(g, op, W32, A64_ADD); break;
    case WN_OP_SUB64_K: add_k(g, op, W64, true); break;
    case WN_OP_SUB32_K: add_k(g, op, W32, true); break;
    case WN_OP_SUB64_X: add_x(g, op, W64, A64_SUB); break;
    case WN_OP_SUB32_X:
        add_x(g, op, W32, A64_SUB);
        break;
        FORMS(OR, logic_k, logic_x, A64_ORR)
        FORMS(AND, logic_k, logic_x, A64_AND)
        FORMS(XOR, logic_k, logic_x, A64_EOR)
        FORMS(LSH, shift_k, shift_x, A64_LSL)
        FORMS(RSH, shift_k, shift_x, A64_LSR)
        FORMS(ARSH, shift_k, shift_x, A64_ASR)
        FORMS(DIV, div_k, div_x, DIV)
        FORMS(SDIV, div_k, div_x, SDIV)
        FORMS(MOD, div_k, div_x, MOD)
        FORMS(SMOD, div_k, div_x, SMOD)
    case WN_OP_MUL64_K: mul_k(g, op, W64); break;
    case WN_OP_MUL32_K: mul_k(g, op, W32); break;
    case WN_OP_MUL64_X: mul_x(g, op, W64); break;
    case WN_OP_MUL32_X: mul_x(g, op, W32); break;
    case WN_OP_NEG64: neg(g, op, W64); break;
    case WN_OP_NEG32: neg(g, op, W32); break;
    case WN_OP_MOV64_K: set_imm(g, op, W64); break;
    case WN_OP_MOV32_K: set_imm(g, op, W32); break;
    case WN_OP_MOV64_X: set_reg(g, op, W64); break;
    case WN_OP_MOV32_X: set_reg(g, op, W32); break;
    case WN_OP_MOVSX8_64: extend(g, op, W64, 1); break;
    case WN_OP_MOVSX16_64: extend(g, op, W64, 2); break;
    case WN_OP_MOVSX32_64: extend(g, op, W64, 4); break;
    case WN_OP_MOVSX8_32: extend(g, op, W32, 1); break;
    case WN_OP_MOVSX16_32: extend(g, op, W32, 2); break;
    case WN_OP_LE16: to_le(g, op, 2); break;
    case WN_OP_LE32: to_le(g, op, 4); break;
    case WN_OP_LE64: to_le(g, op, 8); break;
    case WN_OP_BE16:
    case WN_OP_BSWAP16: swap_bytes(g, op, 2); break;
    case WN_OP_BE32:
    case WN_OP_BSWAP32: swap_bytes(g, op, 4); break;
    case WN_OP_BE64:
    case WN_OP_BSWAP64: swap_bytes(g, op, 8); break;
    case WN_OP_IMM64: wide_imm(g, op); break;
    case WN_OP_CPU: cpu(g, op); break;
    case WN_OP_LDX_B:
    case WN_OP_LDX_H:
    case WN_OP_LDX_W:
    case WN_OP_LDX_DW: load(g, op, false); break;
    case WN_OP_LDSX_B:
    case WN_OP_LDSX_H:
    case WN_OP_LDSX_W: load(g, op, true); break;
    case WN_OP_ST_B:
    case WN_OP_ST_H:
    case WN_OP_ST_W:
    case WN_OP_ST_DW: store_k(g, op); break;
    case WN_OP_STX_B:
    case WN_OP_STX_H:
    case WN_OP_STX_W:
    case WN_OP_STX_DW:
        store_x(g, op);
        break;
        ATOMIC(ADD, A64_LDADD, false)
        ATOMIC(OR, A64_LDSET, false)
        ATOMIC(AND, A64_LDCLR, false)
        ATOMIC(XOR, A64_LDEOR, false)
        ATOMIC(FETCH_ADD, A64_LDADD, true)
        ATOMIC(FETCH_OR, A64_LDSET, true)
        ATOMIC(FETCH_AND, A64_LDCLR, true)
        ATOMIC(FETCH_XOR, A64_LDEOR, true)
        ATOMIC(XCHG, A64_SWP, true)
    case WN_OP_ATOMIC_CMPXCHG32:
    case WN_OP_ATOMIC_CMPXCHG64: atomic_compare(g, op); break;
    case WN_OP_JA:
    case WN_OP_JA32:
        jump_always(g, op);
        break;
        FORMS(JEQ, compare_k, compare_x, A64_EQ)
        FORMS(JNE, compare_k, compare_x, A64_NE)
        FORMS(JGT, compare_k, compare_x, A64_HI)
        FORMS(JGE, compare_k, compare_x, A64_HS)
        FORMS(JLT, compare_k, compare_x, A64_LO)
        FORMS(JLE, compare_k, compare_x, A64_LS)
        FORMS(JSGT, compare_k, compare_x, A64_GT)
        FORMS(JSGE, compare_k, compare_x, A64_GE)
        FORMS(JSLT, compare_k, compare_x, A64_LT)
        FORMS(JSLE, compare_k, compare_x, A64_LE)
        FORMS(JSET, test_k, test_x, A64_NE)
        FORMS(JNSET, test_k, test_x, A64_EQ)
    case WN_OP_JNTAILED: branch_unless_tailed(g, op); break;
    case WN_OP_CALL: call_helper(g, op); break;
    case WN_OP_CALL_LOCAL: call_local(g, op, g->stub[index]); break;
    case WN_OP_EXIT: exit_func(g, op); break;
    case WN_OP_LD_ABS_B:
    case WN_OP_LD_ABS_H:
    case WN_OP_LD_ABS_W:
    case WN_OP_LD_IND_B:
    case WN_OP_LD_IND_H:
    case WN_OP_LD_IND_W: packet(g, op); break;
    case WN_OP_GUARD_ANY:
    case WN_OP_GUARD_PACKET: guard(g, op, g->stub[index]); break;
    case WN_OP_FUEL: fuel(g, op, g->stub[index]); break;
    case WN_OP_CHECK: check(g, op, g->stub[index]); break;
    case WN_OP_CHECK_RUN: check_run(g, g->stub[index]); break;
    case WN_OP_MAP_FD:
    case WN_OP_MAP_VALUE:
    case WN_OP_VAR:
    case WN_OP_FUNC:
    case WN_OP_MAP_IDX:
    case WN_OP_MAP_IDX_VALUE:
    case WN_OP_CALL_BTF:
    case WN_OP_CALLX:
    case WN_OP_CALLX_IMM:
    case WN_OP_HOLE:
    case WN_OPS: refuse(g); break;
    }
}

const struct wn_backend wn_backend_a64 = {
    .name = "AArch64",
    .begin = begin,
    .op = emit_op,
    .enter = enter_func,
    .entry = entry,
    .patch = patch,
};
