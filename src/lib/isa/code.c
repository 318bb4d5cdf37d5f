/* SPDX-License-Identifier: MIT */
#include "isa/code.h"

#include <stdlib.h>

#include <winnow/insn.h>

#include "base/frozen.h"

#define BIT(r)  (1u << (r))
#define SCRATCH (BIT(WN_R1) | BIT(WN_R2) | BIT(WN_R3) | BIT(WN_R4) | BIT(WN_R5))
#define KEPT    (BIT(WN_R6) | BIT(WN_R7) | BIT(WN_R8) | BIT(WN_R9))

/** Operands, beside masks of registers; and that writing is all there is. */
enum { OF_A = 1 << 16, OF_B = 1 << 17, OF_DST = 1 << 18, PURE = 1 << 19 };

/** What operations of a form read. */
enum {
    READS_NONE = 0,
    READS_DST_IMM = OF_A,
    READS_DST_SRC = OF_A | OF_B,
    READS_SET_IMM = 0,
    READS_SET_REG = OF_A,
    READS_DST = OF_A,
    READS_WIDE = 0,
    READS_LOAD = OF_A,
    READS_STORE_IMM = OF_A,
    READS_STORE_REG = OF_A | OF_B,
    READS_ATOMIC = OF_A | OF_B,
    READS_JUMP = 0,
    READS_JUMP_FAR = 0,
    READS_BRANCH_IMM = OF_A,
    READS_BRANCH_REG = OF_A | OF_B,
    READS_CALL = SCRATCH,
    READS_CALL_REG = SCRATCH | KEPT | OF_A,
    READS_ABS = 0,
    READS_IND = OF_A,
    READS_GUARD = OF_A,
    READS_FUEL = 0,
    READS_CHECK = OF_A,
};

/** What operations of a kind write, and whether that is all; atomic ones only if they fetch. */
enum {
    WRITES_ALU = OF_DST | PURE,
    WRITES_WIDE = OF_DST | PURE,
    WRITES_LOAD = OF_DST | PURE,
    WRITES_STORE = 0,
    WRITES_ATOMIC = 0,
    WRITES_JUMP = 0,
    WRITES_BRANCH = 0,
    WRITES_CALL = BIT(WN_R0) | SCRATCH,
    WRITES_EXIT = 0,
    WRITES_PACKET = BIT(WN_R0) | SCRATCH,
    WRITES_HOLE = 0,
    WRITES_GUARD = 0,
    WRITES_FUEL = 0,
    WRITES_CHECK = 0,
};

/** What single operations read beyond their form. */
#define READS_TOO(id)                                                                              \
    ((id) == WN_OP_EXIT || (id) == WN_OP_ATOMIC_CMPXCHG32 || (id) == WN_OP_ATOMIC_CMPXCHG64        \
         ? BIT(WN_R0)                                                                              \
     : (id) == WN_OP_CALL_LOCAL ? KEPT                                                             \
                                : 0)
#define FETCHES(kind, value) (WN_KIND_##kind == WN_KIND_ATOMIC && ((value)&1))

#define EFFECT(read, written)                                                                      \
    {                                                                                              \
        .reads = (read)&UINT16_MAX, .writes = (written)&UINT16_MAX, .reads_a = (read) / OF_A & 1,  \
        .reads_b = (read) / OF_B & 1, .writes_dst = (written) / OF_DST & 1,                        \
        .pure = (written) / PURE & 1                                                               \
    }
#define I(id, name, sym, opcode, selector, value, form, kind)                                      \
    [WN_OP_##id] = EFFECT(READS_##form | READS_TOO(WN_OP_##id),                                    \
                          WRITES_##kind | (FETCHES(kind, value) ? OF_DST : 0)),
#define X(id, name, form, kind) [WN_OP_##id] = EFFECT(READS_##form, WRITES_##kind),
const struct wn_effect wn_effects[WN_OPS] = {
#include "isa/isa.def"
};
#undef I
#undef X

bool wn_code_freeze(struct wn_code *code)
{
    struct wn_op *ops = wn_frozen_copy(code->ops, code->n_ops * sizeof *ops);
    if (!ops)
        return false;
    free(code->ops);
    code->ops = ops;
    code->frozen = true;
    return true;
}

void wn_code_free(struct wn_code *code)
{
    if (!code)
        return;
    if (code->frozen)
        wn_frozen_free(code->ops, code->n_ops * sizeof *code->ops);
    else
        free(code->ops);
    free(code->mark);
    free(code->facts);
    free(code->slot);
    free(code->blocks);
    free(code->funcs);
    free(code);
}

const struct wn_func *wn_code_func_at(const struct wn_code *code, uint32_t slot)
{
    uint32_t lo = 0, hi = code->n_funcs;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (code->funcs[mid].first_slot < slot)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < code->n_funcs && code->funcs[lo].first_slot == slot ? &code->funcs[lo] : NULL;
}
