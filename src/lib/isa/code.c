/* SPDX-License-Identifier: MIT */
#include "isa/code.h"

#include <stdlib.h>

#include <winnow/insn.h>

#define BIT(r)  (1u << (r))
#define SCRATCH (BIT(WN_R1) | BIT(WN_R2) | BIT(WN_R3) | BIT(WN_R4) | BIT(WN_R5))
#define KEPT    (BIT(WN_R6) | BIT(WN_R7) | BIT(WN_R8) | BIT(WN_R9))

void wn_code_free(struct wn_code *code)
{
    if (!code)
        return;
    free(code->ops);
    free(code->mark);
    free(code->slot);
    free(code->blocks);
    free(code->funcs);
    free(code);
}

static bool is_cmpxchg(unsigned id)
{
    return id == WN_OP_ATOMIC_CMPXCHG32 || id == WN_OP_ATOMIC_CMPXCHG64;
}

uint32_t wn_op_uses(const struct wn_op *op)
{
    switch ((enum wn_form)wn_rows[op->id].form) {
    case WN_FORM_NONE: return op->id == WN_OP_EXIT ? BIT(WN_R0) : 0;
    case WN_FORM_DST_SRC:
    case WN_FORM_STORE_REG:
    case WN_FORM_BRANCH_REG: return BIT(op->a) | BIT(op->b);
    case WN_FORM_ATOMIC: return BIT(op->a) | BIT(op->b) | (is_cmpxchg(op->id) ? BIT(WN_R0) : 0);
    case WN_FORM_DST_IMM:
    case WN_FORM_SET_REG:
    case WN_FORM_DST:
    case WN_FORM_LOAD:
    case WN_FORM_STORE_IMM:
    case WN_FORM_BRANCH_IMM:
    case WN_FORM_IND:
    case WN_FORM_GUARD:
    case WN_FORM_CHECK: return BIT(op->a);
    case WN_FORM_CALL: return op->id == WN_OP_CALL_LOCAL ? SCRATCH | KEPT : SCRATCH;
    case WN_FORM_CALL_REG: return SCRATCH | KEPT | BIT(op->a);
    case WN_FORM_SET_IMM:
    case WN_FORM_WIDE:
    case WN_FORM_JUMP:
    case WN_FORM_JUMP_FAR:
    case WN_FORM_ABS:
    case WN_FORM_FUEL: break;
    }
    return 0;
}

/** Whether an atomic operation leaves what memory held in a register. */
static bool fetches(unsigned id)
{
    return wn_rows[id].value & 1;
}

uint32_t wn_op_defs(const struct wn_op *op)
{
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU:
    case WN_KIND_WIDE:
    case WN_KIND_LOAD: return BIT(op->dst);
    case WN_KIND_ATOMIC: return fetches(op->id) ? BIT(op->dst) : 0;
    case WN_KIND_CALL:
    case WN_KIND_PACKET: return BIT(WN_R0) | SCRATCH;
    case WN_KIND_STORE:
    case WN_KIND_JUMP:
    case WN_KIND_BRANCH:
    case WN_KIND_EXIT:
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
    return 0;
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
