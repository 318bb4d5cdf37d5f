/* SPDX-License-Identifier: MIT */
/**
 * What the driver (jit.c) and a machine's generator agree on.
 *
 * The driver walks the lowered code backwards, operation by operation, and
 * asks the back end for each; it leaves out what nobody needs. Back ends only
 * make bytes, so all of them compile and can be tested on every machine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "isa/code.h"
#include "jit/code_buf.h"
#include "jit/jit.h"
#include "jit/live.h"

/** What a program makes use of, over all its operations. */
struct wn_shape {
    uint32_t read;     /* registers that something reads: these need a home */
    bool guards;       /* has guards of any kind */
    uint32_t windows;  /* guards ANY: bits as wn_gen_window() counts them */
    uint32_t faults;   /* checks: a bit for each enum wn_fault they leave with */
    bool ends;         /* helpers may end the run */
    bool fuel;         /* spends fuel */
    bool helpers;      /* calls helpers */
    bool locals;       /* calls functions of its own */
    bool main_called;  /* one of these calls is of the main function */
    bool packet;       /* has packet loads */
    uint8_t needs;     /* what of the run, r10 included: WN_JIT_WINDOW, WN_JIT_RUN */
    uint32_t features; /* of the processor, in the back end's bits */
};

#define WN_NO_STUB UINT32_MAX

/** One compilation. */
struct wn_gen {
    const struct wn_code *code;
    const struct wn_live *lives;  /* of each block */
    const struct wn_touch *touch; /* of each operation */
    struct wn_shape shape;
    struct wn_code_buf buf;
    struct wn_chunk chunk; /* the sequence being written */
    uint32_t *stub;        /* of each operation that may leave: the first of its own labels */
    uint32_t last_stub;    /* the last such operation; WN_NO_STUB if there is none. Until the labels
                              are made, `stub` holds the one before it */

    /* where the walk is */
    uint32_t func;
    uint32_t block;
    uint32_t written; /* registers the function writes */
    uint32_t slot;
    uint32_t live; /* registers live after the operation */

    /* the back end's */
    uint8_t home[WN_HOMES]; /* machine register of each register that is read */
    uint8_t anchor;         /* holds the end of the stack, which all fields are addressed from */
    uint8_t saved[8];       /* registers of the caller that are pushed at the entry */
    uint8_t n_saved;
    bool pad;             /* one more word is pushed, to align the stack at calls */
    uint8_t window[2][5]; /* registers that hold base and rooms of the windows, by direction */
};

/** Labels: blocks come first, then the functions' entries, then what back ends ask for. */
static inline uint32_t wn_gen_block_label(const struct wn_gen *g, uint32_t block)
{
    (void)g;
    return block;
}

static inline uint32_t wn_gen_func_label(const struct wn_gen *g, uint32_t func)
{
    return g->code->n_blocks + func;
}

/** Windows that guards look into, each with a thunk of its own: log2(size), from 4 on for stores,
 * from 8 on for loads that look where stores do. */
enum { WN_GEN_STORES = 4, WN_GEN_NEAR_STACK = 8, WN_GEN_WINDOWS = 12 };

static inline unsigned wn_gen_window(const struct wn_op *guard)
{
    unsigned log2 = guard->size == 8 ? 3 : guard->size / 2u;
    return log2 + (guard->write ? WN_GEN_STORES : guard->b ? WN_GEN_NEAR_STACK : 0);
}

/** What wn_run_reach() is told of an access: its size, and 16 if it is a store. */
static inline unsigned wn_gen_access(unsigned window)
{
    return 1u << window % 4 | (window / 4 == WN_GEN_STORES / 4 ? 16 : 0);
}

/** A machine. The calls come in this order, so that code stands in memory in the reverse one. */
struct wn_backend {
    const char *name;
    /** Choose registers; write what all code shares, and what is rarely reached. */
    void (*begin)(struct wn_gen *g);
    /** Write one operation. Its result is read, or it does more than to compute one. */
    void (*op)(struct wn_gen *g, const struct wn_op *op, uint32_t index);
    /** Write what stands before a function's first block. */
    void (*enter)(struct wn_gen *g, uint32_t func);
    /** Write where callers from outside come in. */
    void (*entry)(struct wn_gen *g);
    wn_patch_fn patch;
};

extern const struct wn_backend wn_backend_x86;
extern const struct wn_backend wn_backend_a64;

/** Features of x86-64 beyond its baseline that make better code. */
enum { WN_X86_BMI2 = 1 };

/** Features of AArch64 beyond its baseline: atomic operations as single instructions. */
enum { WN_A64_LSE = 1 };

/**
 * Make machine code of lowered code. Its first byte is the entry (wn_jit_fn),
 * and it runs at any address.
 *
 * features   what the processor has; 0 is always right
 * buf        all zero, but for its layout if notes are wanted; filled; freed with
 *            wn_buf_fini() in any case
 *
 * Returns 0, WN_E_LIMIT, WN_E_NOJIT (an operation that no back end knows) or -ENOMEM.
 */
int wn_jit_emit(const struct wn_backend *backend, const struct wn_code *code, uint32_t features,
                struct wn_code_buf *buf, struct wn_error *err);

/** What this processor has of its back end's features. */
uint32_t wn_jit_features(void);
