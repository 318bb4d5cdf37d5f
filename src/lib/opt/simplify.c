/* SPDX-License-Identifier: MIT */
#include "opt/simplify.h"

#include <errno.h>
#include <stdlib.h>

#include "base/own.h"

static void vanish(struct wn_op *op)
{
    *op = (struct wn_op){.id = WN_OP_HOLE};
}

static void become_constant(struct wn_op *op, uint64_t value)
{
    bool fits = (int64_t)value == (int32_t)value;
    *op = (struct wn_op){.id = fits ? WN_OP_MOV64_K : WN_OP_IMM64,
                         .dst = op->dst,
                         .imm = (int32_t)(uint32_t)value,
                         .high = fits ? 0 : (uint32_t)(value >> 32)};
}

/** Two shifts by 32 that leave a number of 32 bits as it is; nothing comes between them. */
static bool are_widening(const struct wn_code *code, uint32_t slot, const bool *is_target)
{
    const struct wn_op *op = &code->ops[slot];
    if (op->id != WN_OP_LSH64_K || op->imm != 32 || slot + 1 >= code->n_ops || is_target[slot + 1])
        return false;
    const struct wn_op *next = &code->ops[slot + 1];
    return next->id == WN_OP_RSH64_K && next->imm == 32 && next->dst == op->dst &&
           !(code->facts[slot].flags & WN_FACT_CHANGES);
}

static void simplify_alu(struct wn_code *code, uint32_t slot, const bool *is_target)
{
    struct wn_op *op = &code->ops[slot];
    const struct wn_fact *f = &code->facts[slot];
    if (f->flags & WN_FACT_RESULT && !op->check) {
        become_constant(op, f->value);
    } else if (op->id == WN_OP_MOV32_X && !(f->flags & WN_FACT_CHANGES)) {
        op->id = WN_OP_MOV64_X;
        if (op->dst == op->a)
            vanish(op);
    } else if (are_widening(code, slot, is_target)) {
        vanish(op);
        vanish(&code->ops[slot + 1]);
    }
}

static void simplify_branch(struct wn_op *op, const struct wn_fact *f)
{
    if (!(f->flags & WN_FACT_TAKEN))
        vanish(op);
    else if (!(f->flags & WN_FACT_PASSED))
        *op = (struct wn_op){.id = WN_OP_JA, .target = op->target};
}

/** What nobody reaches is nothing, where nothing goes on to it; else it is where a function ends
 * that has ended before. */
static void cut_off(struct wn_op *op, bool *ended)
{
    vanish(op);
    if (!*ended)
        op->id = WN_OP_EXIT;
    *ended = true;
}

static void simplify_func(struct wn_code *code, const struct wn_func *fn, const bool *is_target)
{
    bool ended = false; /* control does not go on to the next slot */
    for (uint32_t slot = fn->first; slot < fn->first + fn->count; slot++) {
        struct wn_op *op = &code->ops[slot];
        const struct wn_fact *f = &code->facts[slot];
        enum wn_kind kind = wn_op_kind(op);
        if (kind == WN_KIND_HOLE)
            continue;
        if (!(f->flags & WN_FACT_REACHED)) {
            cut_off(op, &ended);
            continue;
        }
        if (kind == WN_KIND_ALU)
            simplify_alu(code, slot, is_target);
        else if (kind == WN_KIND_BRANCH)
            simplify_branch(op, f);
        else if (kind == WN_KIND_LOAD && f->flags & WN_FACT_RESULT &&
                 code->mark[slot] == WN_MARK_PROVED)
            become_constant(op, f->value);
        kind = wn_op_kind(op);
        ended = kind == WN_KIND_JUMP || kind == WN_KIND_EXIT;
    }
}

int wn_simplify(struct wn_code *code, struct wn_error *err)
{
    if (!code->facts)
        return 0;
    WN_OWN(free) bool *is_target = calloc(code->n_ops, sizeof *is_target);
    if (!is_target)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind kind = wn_op_kind(&code->ops[i]);
        if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
            is_target[code->ops[i].target] = true;
    }
    for (uint32_t i = 0; i < code->n_funcs; i++)
        if (code->facts[code->funcs[i].first].flags & WN_FACT_REACHED)
            simplify_func(code, &code->funcs[i], is_target);
    return 0;
}
