/* SPDX-License-Identifier: MIT */
/**
 * Programs as everything after the decoder sees them: one type, two forms.
 *
 * *Decoded* code has one operation a slot (the second slot of a wide
 * instruction is a HOLE), so that numbers mean what the file said; targets are
 * slots. *Lowered* code has guards, fuel and blocks; targets are blocks, calls
 * name functions, and `slot` keeps where each operation came from. Decoded code
 * is for the verifier and the reference interpreter, lowered code for the fast
 * interpreter and the compilers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

#include "base/run.h"
#include "isa/isa.h"

/**
 * A register that no program names: what passes over lowered code compute on
 * the way. It holds nothing across blocks and calls.
 */
#define WN_AUX   WN_REGS
#define WN_HOMES (WN_REGS + 1)

enum wn_code_form { WN_DECODED, WN_LOWERED };

/**
 * What is known of an instruction. Accesses: how they are checked. Jumps back and
 * calls of local functions: whether they spend fuel. Calls of helpers: whether
 * their arguments are checked.
 */
enum wn_mark {
    WN_MARK_NONE,   /* an access of any memory that the program has; fuel; checked */
    WN_MARK_PROVED, /* none of it is needed */
    WN_MARK_PACKET, /* an access of the packet: checked against that alone */
    WN_MARK_FIELD,  /* proved, but wn_run_reach() has to know: of a field of which the kernel keeps
                       less  than is stored */
    WN_MARK_DATA,   /* proved, and a load of this address from the context: the packet's first byte,
                     */
    WN_MARK_META,   /* its metadata's */
    WN_MARK_END,    /* or the byte behind it */
};

/** What holds of an instruction in every run, as bits. */
enum wn_fact_flag {
    WN_FACT_REACHED = 1,  /* some run may come there */
    WN_FACT_TAKEN = 2,    /* branches: some run may go to the target, */
    WN_FACT_PASSED = 4,   /* or go on */
    WN_FACT_RESULT = 8,   /* what it writes is `value`, */
    WN_FACT_VARIES = 16,  /* or not always the same */
    WN_FACT_CHANGES = 32, /* moves of 32 bits, shifts by 32: they may lose bits that are not 0 */
};

struct wn_fact {
    uint64_t value;
    uint8_t flags; /* enum wn_fact_flag */
};

/** What the address is that a wide immediate has become, in wn_op.b. */
enum wn_wide_what {
    WN_WIDE_NUMBER = 0,
    WN_WIDE_MAP,   /* of the map wn_op.target */
    WN_WIDE_VALUE, /* of byte wn_op.off of its only value */
};

/**
 * What may end the run at an operation, as bits; none unless whoever makes the
 * program asks for it. Lowering turns these into operations.
 */
enum wn_check {
    WN_CHECK_DIVISOR = 1,    /* divisions by a register: WN_FAULT_DIVIDE if it holds 0 */
    WN_CHECK_RUN = 2,        /* helpers: the fault in wn_run.ended, if there is one */
    WN_CHECK_RESULT = 4,     /* helpers: a result of 0 ends the run, with 0 and without fault */
    WN_CHECK_ARGUMENTS = 16, /* helpers: CHECK_RUN stands here for their arguments alone */
    WN_CHECK_REPEAT = 32,    /* helpers: they have a function called (base/repeat.h) */
    WN_CHECK_TAIL = 8, /* helpers: the function ends with the result if wn_run.tailed is set */
};

/**
 * One operation. Arithmetic is dst = a op b, or dst = a op imm (decoded code
 * has a == dst); loads are dst = [a + off]; stores [a + off] = b or imm;
 * moves set dst from a or imm; atomics work on [a + off] with b and leave what
 * was there in dst if they fetch; branches compare a with b or imm; calls through a register have
 * it in a. Registers that an operation does not use are 0.
 */
struct wn_op {
    uint16_t id; /* enum wn_op_id */
    uint8_t dst;
    uint8_t a;
    uint8_t b;
    uint8_t size; /* bytes accessed by loads, stores, atomics, packet loads, guards; of a that CHECK
                     looks at; else 0 */
    uint8_t write; /* guards: the access is a store */
    uint8_t check; /* decoded: enum wn_check, as bits */
    int32_t off;
    int32_t imm; /* wide: low half; calls by number: the helper; guards: address bits that must be
                    0; CHECK: enum wn_fault if a is 0, WN_FAULT_NONE ends the run with 0 */
    uint32_t
        target; /* decoded: slot. lowered: block; local calls: function; helpers: index in calls */
    uint32_t high; /* wide: upper half; 0 elsewhere */
};

/** A straight run of lowered operations: entered at the first, left at the last. */
struct wn_block {
    uint32_t first; /* operation */
    uint32_t
        count; /* never 0; a last operation that is no jump or exit goes on to the next block */
};

struct wn_func {
    uint32_t first;      /* decoded: slot; lowered: block */
    uint32_t count;      /* of the same; functions do not overlap and leave nothing out */
    uint32_t slots;      /* length in slots: what a call of it costs in fuel */
    uint32_t first_slot; /* where it begins in the decoded program, in both forms */
    bool taken; /* the program takes its address, so calls through a register may reach it */
};

/** A helper that calls through a register may name. */
struct wn_callable {
    uint32_t id;
    uint32_t call; /* index in calls */
    uint8_t check; /* enum wn_check, as bits */
};

struct wn_code {
    enum wn_code_form form;
    struct wn_op *ops;
    uint32_t n_ops;
    bool frozen; /* ops lie in pages that nobody writes: wn_code_freeze() */
    uint8_t
        *mark;  /* decoded: enum wn_mark of each slot; NULL before the check, and in lowered code */
    bool unset; /* decoded: what a call has left in r1 to r5 may be seen, which is 0 */
    struct wn_fact *facts;   /* decoded: what is known of each slot; NULL: nothing */
    uint32_t *slot;          /* lowered: slot of each operation; NULL in decoded code */
    struct wn_block *blocks; /* lowered only */
    uint32_t n_blocks;
    uint32_t frame_bytes;  /* of stack that each function has: a multiple of 16 */
    uint32_t call_depth;   /* frames that fit, at most WN_CALL_DEPTH */
    struct wn_func *funcs; /* in order of slots; 0 is the main one */
    uint32_t n_funcs;
    /* Borrowed, by everything that is made of the code as well: */
    const struct wn_call *calls; /* helpers called by number, by op.target; behind each that
                                    checks its arguments the same one without that, and behind one
                                    that repeats wn_repeat_next() and wn_repeat_end() */
    uint32_t n_calls;
    const struct wn_callable *numbers; /* in decoded code */
    uint32_t n_numbers;
    const struct wn_bound_map
        *maps; /* in decoded code, by number; NULL: nothing is known of them */
    uint32_t
        finders; /* index in calls of what finds values in the first of them, and so on; 0: none */
};

/** Move the operations into pages that nobody can write any more; false without memory. */
bool wn_code_freeze(struct wn_code *code);

/** Free code; NULL is allowed. */
void wn_code_free(struct wn_code *code);

/**
 * Whether a guard compares with the window of stores first. Loads do where
 * lowering saw that the address comes from r10, which `b` of their guard says;
 * what it saw decides nothing but where to look first.
 */
static inline bool wn_guard_is_near_stack(const struct wn_op *op)
{
    return op->id == WN_OP_GUARD_ANY && (op->write || op->b);
}

/** The constant of a wide operation. */
static inline uint64_t wn_op_wide(const struct wn_op *op)
{
    return (uint64_t)op->high << 32 | (uint32_t)op->imm;
}

static inline enum wn_kind wn_op_kind(const struct wn_op *op)
{
    return (enum wn_kind)wn_rows[op->id].kind;
}

/** The slot a function address of decoded code at `slot` names. */
static inline uint32_t wn_func_slot(const struct wn_op *op, uint32_t slot)
{
    return slot + 1 + (uint32_t)op->imm;
}

/** Whether a jump of decoded code at `slot` closes a loop, as fuel counts: it does not go forward.
 */
static inline bool wn_is_back_edge(uint32_t slot, uint32_t target)
{
    return target <= slot;
}

/**
 * What taking a back edge costs: the slots from the target to the jump. Over a
 * whole run these add up to at least the slots executed, less one pass through
 * the program, so fuel bounds time whatever the shape of the loops.
 */
static inline uint32_t wn_back_edge_cost(uint32_t slot, uint32_t target)
{
    return slot - target + 1;
}

/** Registers that a row's operations read and write: masks, and which fields name more (1, else 0).
 */
struct wn_effect {
    uint16_t reads, writes;
    uint8_t reads_a, reads_b;
    uint8_t writes_dst;
    uint8_t pure; /* it does nothing but write */
};

extern const struct wn_effect wn_effects[WN_OPS];

/**
 * Registers an operation reads, as a mask. Calls read r1 to r5; a program's own
 * function also finds the caller's r6 to r9 in place.
 */
static inline uint32_t wn_op_uses(const struct wn_op *op)
{
    const struct wn_effect *e = &wn_effects[op->id];
    return e->reads | (uint32_t)e->reads_a << op->a | (uint32_t)e->reads_b << op->b;
}

/**
 * Registers an operation writes, as a mask. Calls and packet loads write r0 to
 * r5: r1 to r5 are zero afterwards, so that all engines leave the same.
 */
static inline uint32_t wn_op_defs(const struct wn_op *op)
{
    const struct wn_effect *e = &wn_effects[op->id];
    return e->writes | (uint32_t)e->writes_dst << op->dst;
}

/** What an operation does to registers, for passes that look at it more than once. */
struct wn_touch {
    uint16_t reads;  /* as wn_op_uses() */
    uint16_t writes; /* as wn_op_defs() */
    uint16_t pure;   /* it does nothing else, so it can go if nobody reads what it writes */
};

static inline struct wn_touch wn_op_touch(const struct wn_op *op)
{
    return (struct wn_touch){
        .reads = (uint16_t)wn_op_uses(op),
        .writes = (uint16_t)wn_op_defs(op),
        .pure = wn_effects[op->id].pure,
    };
}

/** The function that begins at a slot; NULL if none does. */
const struct wn_func *wn_code_func_at(const struct wn_code *code, uint32_t slot);

/** What a program sees as the address of its function that begins at a slot. */
#define WN_FUNC_ADDRESS(slot) (WN_FUNC_TAG | (uint64_t)(slot))
