/* SPDX-License-Identifier: MIT */
/*
 * Registers
 *
 *   r0       rax, where the result is returned
 *   r1-r5    rdi rsi rdx rcx r8: the arguments of helpers and of the program are in place
 *   r6-r9    in programs without calls what is free without saving it; else rbx r13 r14 r12
 *   r10      the end of the frame. It is the anchor too, but in programs with functions
 *   anchor   the end of the stack, from which the fields of the run lie at small distances.
 *            In programs without calls rcx, where the run arrives; else rbp, or r15 if that is r10
 *   aux      in programs without calls like r6-r9; else r10
 *   r11      scratch, never kept across operations
 *
 * What needs more scratch than r11 takes rax, rcx or rdx and keeps them, if they are live,
 * in the 128 bytes below the stack pointer that belong to whoever runs (System V ABI, 3.2.2).
 * Stack pointers are aligned where calls are made.
 *
 * Stubs are what is rarely reached; they stand behind the code. A guard's pushes its slot
 * and calls the thunk for its size and direction, which asks wn_run_reach() and either comes
 * back or leaves the program. Faults leave with the slot in r11.
 */
#include "jit/backend.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "jit/x86_enc.h"

enum { W32 = false, W64 = true };
enum { ALWAYS = -1 }; /* a jump's condition */
enum { FIXUP_REL32 };

#define SCRATCH X86_R11
#define NO_REG  X86_RSP

/** Displacement of a field of the run from the anchor. */
#define FIELD(member) ((int32_t)offsetof(struct wn_run, member) - (int32_t)WN_STACK_BYTES)

/** Labels that all code shares, from wn_gen.shared on. */
enum shared_label {
    LEAVE,
    ENDED,                      /* by a helper */
    FAULT,                      /* and the fault's number */
    WINDOW = FAULT + WN_FAULTS, /* and the bit in wn_shape.windows */
    REACH = WINDOW + WN_GEN_WINDOWS,
    SHARED_LABELS
};

static const struct x86_mem red_zone_rax = {X86_RSP, -8};
static const struct x86_mem red_zone_rcx = {X86_RSP, -16};
static const struct x86_mem red_zone_rdx = {X86_RSP, -24};

/* ---- what operations are made of */

static unsigned home(const struct wn_gen *g, unsigned reg)
{
    return g->home[reg];
}

static struct x86_mem field(const struct wn_gen *g, int32_t disp)
{
    return (struct x86_mem){g->anchor, disp};
}

static struct x86_mem window_room(const struct wn_gen *g, unsigned size, bool stack)
{
    int32_t at = (stack ? FIELD(store) : FIELD(load)) + (int32_t)offsetof(struct wn_window, room);
    return field(g, at + 8 * (size == 8 ? 3 : (int32_t)size / 2));
}

static struct x86_mem window_base(const struct wn_gen *g, bool stack)
{
    return field(g,
                 (stack ? FIELD(store) : FIELD(load)) + (int32_t)offsetof(struct wn_window, base));
}

static struct x86_mem operand(const struct wn_gen *g, const struct wn_op *op)
{
    return (struct x86_mem){(uint8_t)home(g, op->a), op->off};
}

/** Whether a machine register holds something after the operation. */
static bool is_live(const struct wn_gen *g, unsigned machine)
{
    if (g->shape.needs && g->anchor == machine)
        return true;
    for (unsigned r = 0; r < WN_HOMES; r++)
        if (g->live >> r & 1 && g->home[r] == machine)
            return true;
    return false;
}

static void commit(struct wn_gen *g)
{
    wn_buf_prepend(&g->buf, &g->chunk);
}

static void copy(struct wn_gen *g, bool wide, unsigned dst, unsigned src)
{
    if (dst != src)
        x86_mov_rr(&g->chunk, wide, dst, src);
}

/** A move of 32 bits clears the upper half even onto itself. */
static void move(struct wn_gen *g, bool wide, unsigned dst, unsigned src)
{
    if (!wide || dst != src)
        x86_mov_rr(&g->chunk, wide, dst, src);
}

static bool fits8(int64_t distance)
{
    return distance >= INT8_MIN && distance <= INT8_MAX;
}

/** End the chunk with a jump; one to what comes next is left out. */
static void jump(struct wn_gen *g, int cc, uint32_t label)
{
    uint32_t distance = wn_buf_distance(&g->buf, label);
    if (distance == WN_UNPLACED) {
        wn_buf_fixup(&g->buf, label, FIXUP_REL32);
        distance = 0x7fffffff;
    }
    if (cc == ALWAYS) {
        if (fits8(distance) && distance)
            x86_jmp8(&g->chunk, (int8_t)distance);
        else if (distance)
            x86_jmp32(&g->chunk, (int32_t)distance);
    } else {
        if (fits8(distance))
            x86_jcc8(&g->chunk, (enum x86_cc)cc, (int8_t)distance);
        else
            x86_jcc32(&g->chunk, (enum x86_cc)cc, (int32_t)distance);
    }
    commit(g);
}

/** End the chunk with a call. */
static void call(struct wn_gen *g, uint32_t label)
{
    uint32_t distance = wn_buf_distance(&g->buf, label);
    if (distance == WN_UNPLACED)
        wn_buf_fixup(&g->buf, label, FIXUP_REL32);
    x86_call32(&g->chunk, (int32_t)distance);
    commit(g);
}

static bool patch(uint8_t *after, uint8_t kind, int64_t distance)
{
    assert(kind == FIXUP_REL32);
    (void)kind;
    if (distance < INT32_MIN || distance > INT32_MAX)
        return false;
    for (unsigned i = 0; i < 4; i++)
        after[(int)i - 4] = (uint8_t)((uint64_t)distance >> 8 * i);
    return true;
}

static uint32_t shared(const struct wn_gen *g, unsigned which)
{
    return g->code->n_blocks + g->code->n_funcs + which;
}

/* ---- register map, entry and exit */

static void save(struct wn_gen *g, unsigned machine)
{
    g->saved[g->n_saved++] = (uint8_t)machine;
}

static void map_with_calls(struct wn_gen *g)
{
    static const uint8_t fixed[] = {X86_RAX, X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8};
    static const uint8_t kept[] = {X86_RBX, X86_R13, X86_R14, X86_R12};
    memcpy(g->home, fixed, sizeof fixed);
    for (unsigned r = WN_R6; r <= WN_R9; r++) {
        g->home[r] = g->shape.read >> r & 1 ? kept[r - WN_R6] : NO_REG;
        if (g->home[r] != NO_REG)
            save(g, g->home[r]);
    }
    save(g, X86_RBP);
    g->home[WN_AUX] = X86_R10;
    g->home[WN_R10] = X86_RBP;
    g->anchor = X86_RBP;
    if (g->shape.locals) {
        g->anchor = X86_R15;
        save(g, X86_R15);
    }
    g->pad = g->n_saved % 2 == 0;
}

/** Without calls everything but r0 to r3 goes where it is cheapest; nothing moves at the entry. */
static void map_without_calls(struct wn_gen *g)
{
    static const uint8_t fixed[] = {X86_RAX, X86_RDI, X86_RSI, X86_RDX};
    static const uint8_t pool[] = {X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8,  X86_R9,
                                   X86_R10, X86_RBX, X86_RBP, X86_R14, X86_R15, X86_R12};
    uint32_t taken = 0;
    unsigned next = 0;
    g->anchor = X86_RCX;
    if (g->shape.needs)
        taken |= 1u << X86_RCX;
    for (unsigned r = WN_R0; r <= WN_R3; r++) {
        g->home[r] = g->shape.read >> r & 1 || r == WN_R0 ? fixed[r] : NO_REG;
        taken |= 1u << g->home[r];
    }
    for (unsigned r = WN_R4; r < WN_HOMES; r++) {
        g->home[r] = NO_REG;
        if (r == WN_R10 || !(g->shape.read >> r & 1))
            continue;
        while (taken >> pool[next] & 1)
            next++;
        g->home[r] = pool[next++];
        if (g->home[r] == X86_RBX || g->home[r] == X86_RBP || g->home[r] >= X86_R12)
            save(g, g->home[r]);
    }
    g->home[WN_R10] = g->anchor;
}

/** Push a register of the caller, or only pad. */
static void push(struct wn_gen *g, unsigned machine, bool keep)
{
    x86_push(&g->chunk, machine);
    wn_chunk_step(&g->chunk, WN_FRAME_GROWS, 0, 1);
    if (keep)
        wn_chunk_step(&g->chunk, WN_FRAME_SAVED, machine, 0);
}

static void pop(struct wn_gen *g, unsigned machine, bool kept)
{
    x86_pop(&g->chunk, machine);
    wn_chunk_step(&g->chunk, WN_FRAME_GROWS, 0, -1);
    if (kept)
        wn_chunk_step(&g->chunk, WN_FRAME_RESTORED, machine, 0);
}

static void ret(struct wn_gen *g)
{
    x86_ret(&g->chunk, 0);
    wn_chunk_step(&g->chunk, WN_FRAME_LEFT, 0, 0);
}

static void push_frame(struct wn_gen *g)
{
    for (unsigned i = 0; i < g->n_saved; i++)
        push(g, g->saved[i], true);
    if (g->pad)
        push(g, X86_RAX, false);
}

static void pop_frame(struct wn_gen *g)
{
    wn_chunk_step(&g->chunk, WN_FRAME_LEAVING, 0, 0);
    if (g->pad)
        pop(g, X86_RCX, false);
    for (unsigned i = g->n_saved; i-- > 0;)
        pop(g, g->saved[i], true);
    ret(g);
}

/** Clear those of some registers that are in `live` and have a home. */
static void clear(struct wn_gen *g, uint32_t live, unsigned first, unsigned last)
{
    for (unsigned r = first; r <= last; r++)
        if (live >> r & 1 && g->home[r] != NO_REG)
            x86_mov_ri(&g->chunk, home(g, r), 0);
}

/** Frame and registers of the whole program, at its entry. */
static void set_up(struct wn_gen *g)
{
    uint32_t live = g->lives[0].in;
    push_frame(g);
    if (g->shape.needs)
        x86_lea(&g->chunk, W64, g->anchor, (struct x86_mem){X86_RCX, WN_STACK_BYTES});
    clear(g, live, WN_R0, WN_R0);
    clear(g, live, WN_R4, WN_R9);
}

/**
 * Registers that a function has to hand back unchanged: those of r6 to r9 it
 * writes. Nobody misses them when only the entry calls.
 */
static uint32_t kept_by(const struct wn_gen *g)
{
    if (g->func == 0 && !g->shape.main_called)
        return 0;
    return g->written & g->shape.read & (15u << WN_R6);
}

/** The stack is aligned behind the pushes of a function: its callers' return address counts. */
static bool func_pads(uint32_t kept)
{
    return __builtin_popcount(kept) % 2 == 0;
}

static void enter_func(struct wn_gen *g, uint32_t func)
{
    if (!g->shape.locals) {
        set_up(g);
        commit(g);
        return;
    }
    uint32_t kept = kept_by(g);
    for (unsigned r = WN_R6; r <= WN_R9; r++)
        if (kept >> r & 1)
            push(g, home(g, r), true);
    if (func_pads(kept))
        push(g, X86_RAX, false);
    clear(g, g->lives[g->code->funcs[func].first].in, WN_R0, WN_R0);
    commit(g);
}

static void exit_func(struct wn_gen *g)
{
    if (!g->shape.locals) {
        x86_mov_ri(&g->chunk, X86_RDX, 0);
        pop_frame(g);
        commit(g);
        return;
    }
    uint32_t kept = kept_by(g);
    wn_chunk_step(&g->chunk, WN_FRAME_LEAVING, 0, 0);
    if (func_pads(kept))
        pop(g, X86_RCX, false);
    for (unsigned r = WN_R9; r >= WN_R6; r--)
        if (kept >> r & 1)
            pop(g, home(g, r), true);
    ret(g);
    commit(g);
}

/** Programs with functions are entered from outside through this, so that main is one of them. */
static void entry(struct wn_gen *g)
{
    if (!g->shape.locals)
        return;
    x86_mov_ri(&g->chunk, X86_RDX, 0);
    pop_frame(g);
    commit(g);
    set_up(g);
    x86_mov_rr(&g->chunk, W64, X86_RBP, g->anchor);
    x86_store_r(&g->chunk, 8, field(g, FIELD(native_sp)), X86_RSP);
    call(g, wn_gen_func_label(g, 0));
}

/* ---- stubs and thunks */

/** Leave the program from any depth; rdx is set. */
static void leave(struct wn_gen *g)
{
    if (g->shape.locals)
        x86_load(&g->chunk, false, 8, X86_RSP, field(g, FIELD(native_sp)));
    x86_mov_ri(&g->chunk, X86_RAX, 0);
    pop_frame(g);
    commit(g);
    wn_buf_place(&g->buf, shared(g, LEAVE));
}

/** Leave with a fault; the slot is in r11. */
static void fault(struct wn_gen *g, enum wn_fault which)
{
    x86_shift_i(&g->chunk, X86_SHL, W64, SCRATCH, 32);
    x86_lea(&g->chunk, W64, X86_RDX, (struct x86_mem){SCRATCH, (int32_t)which});
    jump(g, ALWAYS, shared(g, LEAVE));
    wn_buf_place(&g->buf, shared(g, FAULT + which));
}

/** Leave with the fault a helper has left in the run; the slot is in r11. */
static void fault_of_run(struct wn_gen *g)
{
    x86_shift_i(&g->chunk, X86_SHL, W64, SCRATCH, 32);
    x86_load(&g->chunk, false, 4, X86_RDX, field(g, FIELD(ended)));
    x86_alu_rr(&g->chunk, X86_OR, W64, X86_RDX, SCRATCH);
    jump(g, ALWAYS, shared(g, LEAVE));
    wn_buf_place(&g->buf, shared(g, ENDED));
}

/**
 * Ask about an access. r11 is the address; on the stack lie size | write << 4,
 * a return address into the guard's stub, and the slot. All that the program
 * may have in registers a C function changes is kept.
 */
static void reach(struct wn_gen *g)
{
    static const uint8_t kept[] = {X86_RAX, X86_RCX, X86_RDX, X86_RSI,
                                   X86_RDI, X86_R8,  X86_R9,  X86_R10};
    const int n = sizeof kept;
    struct wn_chunk *c = &g->chunk;
    for (int i = 0; i < n; i++)
        x86_push(c, kept[i]);
    x86_lea(c, W64, X86_RDI, field(g, -(int32_t)WN_STACK_BYTES));
    x86_mov_rr(c, W64, X86_RSI, SCRATCH);
    x86_load(c, false, 4, X86_RDX, (struct x86_mem){X86_RSP, 8 * n});
    x86_mov_rr(c, W32, X86_RCX, X86_RDX);
    x86_shift_i(c, X86_SHR, W32, X86_RCX, 4);
    x86_alu_ri(c, X86_AND, W32, X86_RDX, 15);
    x86_push(c, X86_RBP);
    x86_mov_rr(c, W64, X86_RBP, X86_RSP);
    x86_alu_ri(c, X86_AND, W64, X86_RSP, -16);
    x86_mov_ri(c, X86_RAX, (uint64_t)(uintptr_t)wn_run_reach);
    x86_call_r(c, X86_RAX);
    x86_mov_rr(c, W64, X86_RSP, X86_RBP);
    x86_pop(c, X86_RBP);
    x86_extend(c, false, false, 1, SCRATCH, X86_RAX);
    for (int i = n; i-- > 0;)
        x86_pop(c, kept[i]);
    x86_lea(c, W64, X86_RSP, (struct x86_mem){X86_RSP, 8});
    x86_test_rr(c, W32, SCRATCH, SCRATCH);
    x86_jcc8(c, X86_E, 0);
    uint32_t refused = c->len;
    x86_ret(c, 8);
    x86_land8(c, refused);
    x86_pop(c, SCRATCH);
    x86_pop(c, SCRATCH);
    jump(g, ALWAYS, shared(g, FAULT + WN_FAULT_MEMORY));
    wn_buf_place(&g->buf, shared(g, REACH));
}

/** What guards of one size and direction call: turns the offset in r11 into the address again. */
static void window_thunk(struct wn_gen *g, unsigned bit)
{
    x86_alu_rm(&g->chunk, X86_ADD, W64, SCRATCH, window_base(g, bit >= WN_GEN_STORES));
    x86_push_i(&g->chunk, (int32_t)wn_gen_access(bit));
    jump(g, ALWAYS, shared(g, REACH));
    wn_buf_place(&g->buf, shared(g, WINDOW + bit));
}

/** A guard's own labels. */
enum guard_label { ASK, BACK, ODD, GUARD_LABELS };

static void guard_stub(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    unsigned bit = wn_gen_window(op);
    if (op->imm) {
        x86_store_r(&g->chunk, 8, field(g, FIELD(fault_address)), SCRATCH);
        x86_mov_ri(&g->chunk, SCRATCH, g->slot);
        jump(g, ALWAYS, shared(g, FAULT + WN_FAULT_MEMORY));
        wn_buf_place(&g->buf, label + ODD);
    }
    jump(g, ALWAYS, label + BACK);
    x86_push_i(&g->chunk, (int32_t)g->slot);
    call(g, shared(g, WINDOW + bit));
    wn_buf_place(&g->buf, label + ASK);
}

/** A guard of the packet alone asks nobody. */
static void packet_stub(struct wn_gen *g, uint32_t label)
{
    x86_alu_rm(&g->chunk, X86_ADD, W64, SCRATCH, window_base(g, false));
    x86_store_r(&g->chunk, 8, field(g, FIELD(fault_address)), SCRATCH);
    x86_mov_ri(&g->chunk, SCRATCH, g->slot);
    jump(g, ALWAYS, shared(g, FAULT + WN_FAULT_MEMORY));
    wn_buf_place(&g->buf, label + ASK);
}

/** Where a jump goes when there is no fuel, a call when there is no frame left, a check that fails:
 * on to the shared label `how`. */
static uint32_t fault_stub(struct wn_gen *g, unsigned how)
{
    uint32_t label = wn_buf_labels(&g->buf, 1);
    x86_mov_ri(&g->chunk, SCRATCH, how == FAULT + WN_FAULT_NONE ? 0 : g->slot);
    jump(g, ALWAYS, shared(g, how));
    wn_buf_place(&g->buf, label);
    return label;
}

/** What an operation has out of line, if anything. */
static void stub(struct wn_gen *g, const struct wn_op *op, uint32_t index)
{
    g->slot = g->code->slot[index];
    if (op->id == WN_OP_GUARD_ANY)
        guard_stub(g, op, g->stub[index] = wn_buf_labels(&g->buf, GUARD_LABELS));
    else if (op->id == WN_OP_GUARD_PACKET)
        packet_stub(g, g->stub[index] = wn_buf_labels(&g->buf, GUARD_LABELS));
    else if (op->id == WN_OP_FUEL)
        g->stub[index] = fault_stub(g, FAULT + WN_FAULT_FUEL);
    else if (op->id == WN_OP_CALL_LOCAL)
        g->stub[index] = fault_stub(g, FAULT + WN_FAULT_STACK);
    else if (op->id == WN_OP_CHECK)
        g->stub[index] = fault_stub(g, FAULT + (unsigned)op->imm);
    else if (op->id == WN_OP_CHECK_RUN)
        g->stub[index] = fault_stub(g, ENDED);
}

static void begin(struct wn_gen *g)
{
    const struct wn_shape *s = &g->shape;
    if (s->helpers || s->locals)
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
    wn_buf_line(&g->buf, WN_NOWHERE);
    for (uint32_t i = g->last_stub, before; i != WN_NO_STUB && !g->buf.error; i = before) {
        before = g->stub[i];
        stub(g, &g->code->ops[i], i);
        wn_buf_line(&g->buf, g->slot);
    }
}

static void guard(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    wn_buf_place(&g->buf, label + BACK);
    if (!op->imm)
        x86_lea(&g->chunk, W64, SCRATCH, operand(g, op));
    x86_alu_rm(&g->chunk, X86_SUB, W64, SCRATCH, window_base(g, wn_guard_is_near_stack(op)));
    x86_alu_rm(&g->chunk, X86_CMP, W64, SCRATCH,
               window_room(g, op->size, wn_guard_is_near_stack(op)));
    jump(g, X86_AE, label + ASK);
    if (!op->imm)
        return;
    x86_lea(&g->chunk, W64, SCRATCH, operand(g, op));
    x86_test_ri(&g->chunk, W64, SCRATCH, op->imm);
    jump(g, X86_NE, label + ODD);
}

static void fuel(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    x86_alu_mi(&g->chunk, X86_SUB, W64, field(g, FIELD(fuel)), op->imm);
    jump(g, X86_B, label);
}

static void check(struct wn_gen *g, const struct wn_op *op, uint32_t label)
{
    unsigned a = home(g, op->a);
    x86_test_rr(&g->chunk, op->size == 8, a, a);
    jump(g, X86_E, label);
}

static void check_run(struct wn_gen *g, uint32_t label)
{
    x86_alu_mi(&g->chunk, X86_CMP, W32, field(g, FIELD(ended)), 0);
    jump(g, X86_NE, label);
}

/* ---- arithmetic */

static void set_imm(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    x86_mov_ri(&g->chunk, home(g, op->dst),
               wide ? (uint64_t)(int64_t)op->imm : (uint64_t)(uint32_t)op->imm);
    commit(g);
}

static void set_reg(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    move(g, wide, home(g, op->dst), home(g, op->a));
    commit(g);
}

static void extend(struct wn_gen *g, const struct wn_op *op, bool wide, unsigned size)
{
    x86_extend(&g->chunk, true, wide, size, home(g, op->dst), home(g, op->a));
    commit(g);
}

static void alu_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_alu alu)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a);
    if (alu == X86_ADD && dst != a) {
        x86_lea(&g->chunk, wide, dst, (struct x86_mem){(uint8_t)a, op->imm});
    } else if (alu == X86_AND && (op->imm == UINT8_MAX || op->imm == UINT16_MAX)) {
        x86_extend(&g->chunk, false, W32, op->imm == UINT8_MAX ? 1 : 2, dst, a);
    } else {
        copy(g, wide, dst, a);
        x86_alu_ri(&g->chunk, alu, wide && !(alu == X86_AND && op->imm >= 0), dst, op->imm);
    }
    commit(g);
}

/** dst may be a, b, both or neither. */
static void alu_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_alu alu)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a), b = home(g, op->b);
    if (dst == a) {
        x86_alu_rr(&g->chunk, alu, wide, dst, b);
    } else if (dst == b && alu == X86_SUB) {
        x86_unary(&g->chunk, X86_NEG, wide, dst);
        x86_alu_rr(&g->chunk, X86_ADD, wide, dst, a);
    } else if (dst == b) {
        x86_alu_rr(&g->chunk, alu, wide, dst, a);
    } else if (alu == X86_ADD) {
        x86_lea_sum(&g->chunk, wide, dst, a, b);
    } else {
        x86_mov_rr(&g->chunk, wide, dst, a);
        x86_alu_rr(&g->chunk, alu, wide, dst, b);
    }
    commit(g);
}

static void neg(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    copy(g, wide, home(g, op->dst), home(g, op->a));
    x86_unary(&g->chunk, X86_NEG, wide, home(g, op->dst));
    commit(g);
}

static bool is_power_of_2(uint64_t v)
{
    return v && !(v & (v - 1));
}

static void shift_by(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_shift shift,
                     unsigned count)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a);
    count &= wide ? 63 : 31;
    if (count == 0) {
        move(g, wide, dst, a);
    } else {
        copy(g, wide, dst, a);
        x86_shift_i(&g->chunk, shift, wide, dst, count);
    }
}

static void shift_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_shift shift)
{
    shift_by(g, op, wide, shift, (uint32_t)op->imm);
    commit(g);
}

/** Without BMI2 the count has to be in cl, which belongs to somebody. */
static void shift_cl(struct wn_gen *g, bool wide, enum x86_shift shift, unsigned dst, unsigned a,
                     unsigned b)
{
    struct wn_chunk *c = &g->chunk;
    if (b == X86_RCX && dst != X86_RCX) {
        copy(g, wide, dst, a);
        x86_shift_cl(c, shift, wide, dst);
        return;
    }
    bool keep = b != X86_RCX && dst != X86_RCX && is_live(g, X86_RCX);
    x86_mov_rr(c, wide, SCRATCH, a);
    if (keep)
        x86_store_r(c, 8, red_zone_rcx, X86_RCX);
    copy(g, W32, X86_RCX, b);
    x86_shift_cl(c, shift, wide, SCRATCH);
    if (keep)
        x86_load(c, false, 8, X86_RCX, red_zone_rcx);
    x86_mov_rr(c, wide, dst, SCRATCH);
}

static void shift_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_shift shift)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a), b = home(g, op->b);
    if (g->shape.features & WN_X86_BMI2)
        x86_shiftx(&g->chunk, shift, wide, dst, a, b);
    else
        shift_cl(g, wide, shift, dst, a, b);
    commit(g);
}

static void mul_k(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    if (is_power_of_2((uint64_t)(int64_t)op->imm))
        shift_by(g, op, wide, X86_SHL, (unsigned)__builtin_ctz((unsigned)op->imm));
    else
        x86_imul_rri(&g->chunk, wide, home(g, op->dst), home(g, op->a), op->imm);
    commit(g);
}

static void mul_x(struct wn_gen *g, const struct wn_op *op, bool wide)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a), b = home(g, op->b);
    if (dst == b) {
        x86_imul_rr(&g->chunk, wide, dst, a);
    } else {
        copy(g, wide, dst, a);
        x86_imul_rr(&g->chunk, wide, dst, b);
    }
    commit(g);
}

/** Which of the four divisions. */
enum division { DIV, MOD, SDIV, SMOD };

static bool is_mod(enum division d)
{
    return d == MOD || d == SMOD;
}

/** What is left of a division by 0 (RFC 9669, 4.1). */
static void divide_by_0(struct wn_gen *g, bool wide, enum division d, unsigned dst, unsigned a)
{
    if (is_mod(d))
        move(g, wide, dst, a);
    else
        x86_mov_ri(&g->chunk, dst, 0);
}

/** The machine traps where the smallest number is divided by -1. */
static void divide_by_minus_1(struct wn_gen *g, bool wide, enum division d, unsigned dst,
                              unsigned a)
{
    if (is_mod(d)) {
        x86_mov_ri(&g->chunk, dst, 0);
    } else {
        copy(g, wide, dst, a);
        x86_unary(&g->chunk, X86_NEG, wide, dst);
    }
}

/** dst = a / r11, which is neither 0 nor, with signs, -1. */
static void divide(struct wn_gen *g, bool wide, enum division d, unsigned dst, unsigned a)
{
    struct wn_chunk *c = &g->chunk;
    bool keep_rax = dst != X86_RAX && is_live(g, X86_RAX);
    bool keep_rdx = dst != X86_RDX && is_live(g, X86_RDX);
    if (keep_rax)
        x86_store_r(c, 8, red_zone_rax, X86_RAX);
    if (keep_rdx)
        x86_store_r(c, 8, red_zone_rdx, X86_RDX);
    copy(g, wide, X86_RAX, a);
    if (d == SDIV || d == SMOD) {
        x86_sign_rdx(c, wide);
        x86_unary(c, X86_IDIV, wide, SCRATCH);
    } else {
        x86_mov_ri(c, X86_RDX, 0);
        x86_unary(c, X86_DIV, wide, SCRATCH);
    }
    copy(g, wide, dst, is_mod(d) ? X86_RDX : X86_RAX);
    if (keep_rax)
        x86_load(c, false, 8, X86_RAX, red_zone_rax);
    if (keep_rdx)
        x86_load(c, false, 8, X86_RDX, red_zone_rdx);
}

static void div_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum division d)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a);
    struct wn_chunk *c = &g->chunk;
    bool is_signed = d == SDIV || d == SMOD;
    uint32_t zero, minus_1 = 0, done[2], n_done = 0;

    x86_mov_rr(c, wide, SCRATCH, home(g, op->b));
    x86_test_rr(c, wide, SCRATCH, SCRATCH);
    x86_jcc8(c, X86_E, 0);
    zero = c->len;
    if (is_signed) {
        x86_alu_ri(c, X86_CMP, wide, SCRATCH, -1);
        x86_jcc8(c, X86_E, 0);
        minus_1 = c->len;
    }
    divide(g, wide, d, dst, a);
    x86_jmp8(c, 0);
    done[n_done++] = c->len;
    if (is_signed) {
        x86_land8(c, minus_1);
        divide_by_minus_1(g, wide, d, dst, a);
        x86_jmp8(c, 0);
        done[n_done++] = c->len;
    }
    x86_land8(c, zero);
    divide_by_0(g, wide, d, dst, a);
    for (uint32_t i = 0; i < n_done; i++)
        x86_land8(c, done[i]);
    commit(g);
}

static void div_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum division d)
{
    unsigned dst = home(g, op->dst), a = home(g, op->a);
    bool is_signed = d == SDIV || d == SMOD;
    uint64_t k = wide ? (uint64_t)(int64_t)op->imm : (uint32_t)op->imm;
    if (op->imm == 0) {
        divide_by_0(g, wide, d, dst, a);
    } else if (is_signed && op->imm == -1) {
        divide_by_minus_1(g, wide, d, dst, a);
    } else if (d == DIV && is_power_of_2(k)) {
        shift_by(g, op, wide, X86_SHR, (unsigned)__builtin_ctzll(k));
    } else if (d == MOD && is_power_of_2(k)) {
        copy(g, W32, dst, a); /* the mask has 31 bits at most */
        x86_alu_ri(&g->chunk, X86_AND, W32, dst, (int32_t)(k - 1));
    } else {
        x86_mov_ri(&g->chunk, SCRATCH, k);
        divide(g, wide, d, dst, a);
    }
    commit(g);
}

/** Of the low bytes; this machine is little-endian, so le only cuts off. */
static void to_le(struct wn_gen *g, const struct wn_op *op, unsigned size)
{
    if (size == 8)
        move(g, W64, home(g, op->dst), home(g, op->a));
    else
        x86_extend(&g->chunk, false, W32, size, home(g, op->dst), home(g, op->a));
    commit(g);
}

static void swap(struct wn_gen *g, unsigned size, unsigned reg)
{
    if (size == 2)
        x86_swap16(&g->chunk, reg);
    else
        x86_bswap(&g->chunk, size == 8, reg);
}

static void swap_bytes(struct wn_gen *g, const struct wn_op *op, unsigned size)
{
    unsigned dst = home(g, op->dst);
    if (size == 2)
        x86_extend(&g->chunk, false, W32, 2, dst, home(g, op->a));
    else
        copy(g, size == 8, dst, home(g, op->a));
    swap(g, size, dst);
    commit(g);
}

static void wide_imm(struct wn_gen *g, const struct wn_op *op)
{
    x86_mov_ri(&g->chunk, home(g, op->dst), wn_op_wide(op));
    commit(g);
}

/** The slot of per-CPU maps that is the run's. */
static void cpu(struct wn_gen *g, const struct wn_op *op)
{
    x86_load(&g->chunk, false, 4, home(g, op->dst), field(g, FIELD(cpu)));
    commit(g);
}

/* ---- memory */

static void load(struct wn_gen *g, const struct wn_op *op, bool is_signed)
{
    x86_load(&g->chunk, is_signed, op->size, home(g, op->dst), operand(g, op));
    commit(g);
}

static void store_k(struct wn_gen *g, const struct wn_op *op)
{
    x86_store_i(&g->chunk, op->size, operand(g, op), op->imm);
    commit(g);
}

static void store_x(struct wn_gen *g, const struct wn_op *op)
{
    x86_store_r(&g->chunk, op->size, operand(g, op), home(g, op->b));
    commit(g);
}

static bool result_is_dead(const struct wn_gen *g, const struct wn_op *op)
{
    return !(g->live >> op->dst & 1);
}

static void atomic(struct wn_gen *g, const struct wn_op *op, enum x86_alu alu)
{
    x86_lock(&g->chunk);
    x86_alu_mr(&g->chunk, alu, op->size == 8, operand(g, op), home(g, op->b));
    commit(g);
}

/** xadd and xchg: a register takes the operand there and brings the old value back. */
static void atomic_exchange(struct wn_gen *g, const struct wn_op *op, bool add)
{
    bool wide = op->size == 8;
    if (add && result_is_dead(g, op)) {
        atomic(g, op, X86_ADD);
        return;
    }
    bool in_place = op->dst == op->b && !result_is_dead(g, op);
    unsigned reg = in_place ? home(g, op->b) : SCRATCH;
    copy(g, wide, reg, home(g, op->b));
    if (add) {
        x86_lock(&g->chunk);
        x86_xadd(&g->chunk, wide, operand(g, op), reg);
    } else {
        x86_xchg(&g->chunk, wide, operand(g, op), reg);
    }
    if (!in_place && !result_is_dead(g, op))
        x86_mov_rr(&g->chunk, wide, home(g, op->dst), reg);
    commit(g);
}

/**
 * or, and, xor with the old value: no instruction gives it, so compare and
 * exchange until nobody came between. rax holds the old value, r11 the new one;
 * an operand that lives in rax moves to a register that is restored afterwards.
 */
static void atomic_fetch(struct wn_gen *g, const struct wn_op *op, enum x86_alu alu)
{
    struct wn_chunk *c = &g->chunk;
    bool wide = op->size == 8;
    unsigned dst = home(g, op->dst), a = home(g, op->a), b = home(g, op->b);
    if (result_is_dead(g, op)) {
        atomic(g, op, alu);
        return;
    }
    bool moved = a == X86_RAX || b == X86_RAX;
    unsigned temp = a != X86_RDX && b != X86_RDX   ? X86_RDX
                    : a != X86_RCX && b != X86_RCX ? X86_RCX
                                                   : X86_RSI;
    bool keep_rax = dst != X86_RAX && is_live(g, X86_RAX);
    bool keep_temp = moved && dst != temp && is_live(g, temp);
    if (keep_rax)
        x86_store_r(c, 8, red_zone_rax, X86_RAX);
    if (keep_temp)
        x86_store_r(c, 8, red_zone_rdx, temp);
    if (moved)
        x86_mov_rr(c, W64, temp, X86_RAX);
    a = a == X86_RAX ? temp : a;
    b = b == X86_RAX ? temp : b;
    x86_load(c, false, op->size, X86_RAX, (struct x86_mem){(uint8_t)a, op->off});
    uint32_t again = c->len;
    x86_mov_rr(c, wide, SCRATCH, X86_RAX);
    x86_alu_rr(c, alu, wide, SCRATCH, b);
    x86_lock(c);
    x86_cmpxchg(c, wide, (struct x86_mem){(uint8_t)a, op->off}, SCRATCH);
    x86_jcc8(c, X86_NE, (int8_t)((int)again - (int)c->len - 2));
    move(g, wide, dst, X86_RAX);
    if (keep_rax)
        x86_load(c, false, 8, X86_RAX, red_zone_rax);
    if (keep_temp)
        x86_load(c, false, 8, temp, red_zone_rdx);
    commit(g);
}

/** r0 is compared and takes the old value. Where the halves were equal the machine leaves eax. */
static void atomic_compare(struct wn_gen *g, const struct wn_op *op)
{
    bool wide = op->size == 8;
    x86_lock(&g->chunk);
    x86_cmpxchg(&g->chunk, wide, operand(g, op), home(g, op->b));
    if (!wide)
        x86_mov_rr(&g->chunk, W32, X86_RAX, X86_RAX);
    commit(g);
}

/* ---- control */

static void compare_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_cc cc)
{
    unsigned a = home(g, op->a);
    if (op->imm == 0)
        x86_test_rr(&g->chunk, wide, a, a);
    else
        x86_alu_ri(&g->chunk, X86_CMP, wide, a, op->imm);
    jump(g, cc, wn_gen_block_label(g, op->target));
}

static void compare_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_cc cc)
{
    x86_alu_rr(&g->chunk, X86_CMP, wide, home(g, op->a), home(g, op->b));
    jump(g, cc, wn_gen_block_label(g, op->target));
}

static void test_k(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_cc cc)
{
    x86_test_ri(&g->chunk, wide, home(g, op->a), op->imm);
    jump(g, cc, wn_gen_block_label(g, op->target));
}

static void test_x(struct wn_gen *g, const struct wn_op *op, bool wide, enum x86_cc cc)
{
    x86_test_rr(&g->chunk, wide, home(g, op->a), home(g, op->b));
    jump(g, cc, wn_gen_block_label(g, op->target));
}

/** A jump to where the function ends at once ends it here. */
static void jump_always(struct wn_gen *g, const struct wn_op *op)
{
    const struct wn_block *to = &g->code->blocks[op->target];
    if (g->code->ops[to->first].id == WN_OP_EXIT)
        exit_func(g);
    else
        jump(g, ALWAYS, wn_gen_block_label(g, op->target));
}

static void call_helper(struct wn_gen *g, const struct wn_op *op)
{
    const struct wn_call *callee = &g->code->calls[op->target];
    if (callee->checked) {
        x86_mov_ri(&g->chunk, X86_RAX, (uint64_t)(uintptr_t)callee);
        x86_store_r(&g->chunk, 8, field(g, FIELD(call)), X86_RAX);
    }
    x86_lea(&g->chunk, W64, X86_R9, field(g, -(int32_t)WN_STACK_BYTES));
    x86_mov_ri(&g->chunk, X86_RAX, (uint64_t)(uintptr_t)callee->fn);
    x86_call_r(&g->chunk, X86_RAX);
    clear(g, g->live, WN_R1, WN_R5);
    commit(g);
}

static void branch_unless_tailed(struct wn_gen *g, const struct wn_op *op)
{
    x86_alu_mi(&g->chunk, X86_CMP, W32, field(g, FIELD(tailed)), 0);
    jump(g, X86_E, wn_gen_block_label(g, op->target));
}

/** The callee's frame lies below; there are only so many. */
static void call_local(struct wn_gen *g, const struct wn_op *op, uint32_t too_deep)
{
    int32_t frame = (int32_t)g->code->frame_bytes, frames = (int32_t)g->code->call_depth;
    x86_alu_ri(&g->chunk, X86_SUB, W64, X86_RBP, -frame);
    clear(g, g->live, WN_R1, WN_R5);
    commit(g);
    x86_alu_ri(&g->chunk, X86_ADD, W64, X86_RBP, -frame);
    call(g, wn_gen_func_label(g, op->target));
    x86_lea(&g->chunk, W64, SCRATCH, field(g, -frame * (frames - 1)));
    x86_alu_rr(&g->chunk, X86_CMP, W64, X86_RBP, SCRATCH);
    jump(g, X86_BE, too_deep);
}

/** Load big-endian from a place in the packet into r0, if it is read; r1 to r5 are cleared. */
static void packet_load(struct wn_gen *g, unsigned size, struct x86_mem m)
{
    if (g->live >> WN_R0 & 1) {
        x86_load(&g->chunk, false, size, X86_RAX, m);
        if (size > 1)
            swap(g, size, X86_RAX);
    }
    clear(g, g->live, WN_R1, WN_R5);
}

/** Offsets are 32 bits without sign, as in classic BPF; the packet is the window of loads. */
static void packet_abs(struct wn_gen *g, const struct wn_op *op)
{
    struct wn_chunk *c = &g->chunk;
    if (g->live >> WN_R0 & 1)
        x86_load(c, false, 8, SCRATCH, window_base(g, false));
    packet_load(g, op->size, (struct x86_mem){SCRATCH, op->imm});
    commit(g);
    x86_alu_mi(c, X86_CMP, W64, window_room(g, op->size, false), op->imm);
    jump(g, X86_BE, wn_gen_block_label(g, op->target));
}

/** As packet_abs(), at the offset in r11. */
static void packet_at(struct wn_gen *g, const struct wn_op *op)
{
    struct wn_chunk *c = &g->chunk;
    x86_alu_rm(c, X86_ADD, W64, SCRATCH, window_base(g, false));
    packet_load(g, op->size, (struct x86_mem){SCRATCH, 0});
    commit(g);
    x86_alu_rm(c, X86_CMP, W64, SCRATCH, window_room(g, op->size, false));
    jump(g, X86_AE, wn_gen_block_label(g, op->target));
}

static void packet(struct wn_gen *g, const struct wn_op *op)
{
    bool indirect = wn_rows[op->id].form == WN_FORM_IND;
    if (!indirect && op->imm >= 0) {
        packet_abs(g, op);
        return;
    }
    packet_at(g, op);
    if (indirect)
        x86_lea(&g->chunk, W32, SCRATCH, (struct x86_mem){(uint8_t)home(g, op->a), op->imm});
    else
        x86_mov_ri(&g->chunk, SCRATCH, (uint32_t)op->imm);
    commit(g);
}

/** Lowering leaves none of these. */
static void refuse(struct wn_gen *g)
{
    if (!g->buf.error)
        g->buf.error = WN_E_NOJIT;
}

#define ALU(name, alu)                                                                             \
    case WN_OP_##name##64_K: alu_k(g, op, W64, alu); break;                                        \
    case WN_OP_##name##32_K: alu_k(g, op, W32, alu); break;                                        \
    case WN_OP_##name##64_X: alu_x(g, op, W64, alu); break;                                        \
    case WN_OP_##name##32_X:                                                                       \
        alu_x(g, op, W32, alu);                                                                    \
        break;
#define SHIFT(name, shift)                                                                         \
    case WN_OP_##name##64_K: shift_k(g, op, W64, shift); break;                                    \
    case WN_OP_##name##32_K: shift_k(g, op, W32, shift); break;                                    \
    case WN_OP_##name##64_X: shift_x(g, op, W64, shift); break;                                    \
    case WN_OP_##name##32_X:                                                                       \
        shift_x(g, op, W32, shift);                                                                \
        break;
#define DIVISION(name)                                                                             \
    case WN_OP_##name##64_K: div_k(g, op, W64, name); break;                                       \
    case WN_OP_##name##32_K: div_k(g, op, W32, name); break;                                       \
    case WN_OP_##name##64_X: div_x(g, op, W64, name); break;                                       \
    case WN_OP_##name##32_X:                                                                       \
        div_x(g, op, W32, name);                                                                   \
        break;
#define ATOMIC(name, alu)                                                                          \
    case WN_OP_ATOMIC_##name##32:                                                                  \
    case WN_OP_ATOMIC_##name##64:                                                                  \
        atomic(g, op, alu);                                                                        \
        break;
#define FETCH(name, alu)                                                                           \
    case WN_OP_ATOMIC_FETCH_##name##32:                                                            \
    case WN_OP_ATOMIC_FETCH_##name##64:                                                            \
        atomic_fetch(g, op, alu);                                                                  \
        break;
#define COMPARE(name, cc)                                                                          \
    case WN_OP_##name##64_K: compare_k(g, op, W64, cc); break;                                     \
    case WN_OP_##name##32_K: compare_k(g, op, W32, cc); break;                                     \
    case WN_OP_##name##64_X: compare_x(g, op, W64, cc); break;                                     \
    case WN_OP_##name##32_X:                                                                       \
        compare_x(g, op, W32, cc);                                                                 \
        break;
#define TEST(name, cc)                                                                             \
    case WN_OP_##name##64_K: test_k(g, op, W64, cc); break;                                        \
    case WN_OP_##name##32_K: test_k(g, op, W32, cc); break;                                        \
    case WN_OP_##name##64_X: test_x(g, op, W64, cc); break;                                        \
    case WN_OP_##name##32_X: test_x(g, op, W32, cc); break;

/* No default: a new row of isa.def has to be thought of here. */
static void emit_op(struct wn_gen *g, const struct wn_op *op, uint32_t index)
{
    switch ((enum wn_op_id)op->id) {
        ALU(ADD, X86_ADD)
        ALU(SUB, X86_SUB)
        ALU(OR, X86_OR)
        ALU(AND, X86_AND)
        ALU(XOR, X86_XOR)
        SHIFT(LSH, X86_SHL)
        SHIFT(RSH, X86_SHR)
        SHIFT(ARSH, X86_SAR)
        DIVISION(DIV)
        DIVISION(SDIV)
        DIVISION(MOD)
        DIVISION(SMOD)
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
        ATOMIC(ADD, X86_ADD)
        ATOMIC(OR, X86_OR)
        ATOMIC(AND, X86_AND)
        ATOMIC(XOR, X86_XOR)
        FETCH(OR, X86_OR)
        FETCH(AND, X86_AND)
        FETCH(XOR, X86_XOR)
    case WN_OP_ATOMIC_FETCH_ADD32:
    case WN_OP_ATOMIC_FETCH_ADD64: atomic_exchange(g, op, true); break;
    case WN_OP_ATOMIC_XCHG32:
    case WN_OP_ATOMIC_XCHG64: atomic_exchange(g, op, false); break;
    case WN_OP_ATOMIC_CMPXCHG32:
    case WN_OP_ATOMIC_CMPXCHG64: atomic_compare(g, op); break;
    case WN_OP_JA:
    case WN_OP_JA32:
        jump_always(g, op);
        break;
        COMPARE(JEQ, X86_E)
        COMPARE(JNE, X86_NE)
        COMPARE(JGT, X86_A)
        COMPARE(JGE, X86_AE)
        COMPARE(JLT, X86_B)
        COMPARE(JLE, X86_BE)
        COMPARE(JSGT, X86_G)
        COMPARE(JSGE, X86_GE)
        COMPARE(JSLT, X86_L)
        COMPARE(JSLE, X86_LE)
        TEST(JSET, X86_NE)
        TEST(JNSET, X86_E)
    case WN_OP_JNTAILED: branch_unless_tailed(g, op); break;
    case WN_OP_CALL: call_helper(g, op); break;
    case WN_OP_CALL_LOCAL: call_local(g, op, g->stub[index]); break;
    case WN_OP_EXIT: exit_func(g); break;
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

const struct wn_backend wn_backend_x86 = {
    .name = "x86-64",
    .begin = begin,
    .op = emit_op,
    .enter = enter_func,
    .entry = entry,
    .patch = patch,
};
