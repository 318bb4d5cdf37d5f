/* SPDX-License-Identifier: MIT */
#include "verify/flow.h"

#include <errno.h>
#include <stdlib.h>

#include "base/own.h"

/* Lowering compares with each function at each call, so their product is what such calls cost. */
#define MOST_INDIRECT 65536u

/** What is known of a slot that functions are called or named by. */
enum { BEGINS = 1, TAKEN = 2 };

/** What this version cannot run, by what the reader would call it. */
static int check_supported(const struct wn_op *op, uint32_t at, struct wn_error *err)
{
    switch ((enum wn_op_id)op->id) {
    case WN_OP_CALL_BTF:
        return wn_fail(err, WN_E_UNSUPPORTED, at,
                       "call of kernel function %d: there is no kernel here; use helpers", op->imm);
    case WN_OP_MAP_FD:
    case WN_OP_MAP_VALUE:
    case WN_OP_MAP_IDX:
    case WN_OP_MAP_IDX_VALUE:
        return wn_fail(err, WN_E_UNSUPPORTED, at, "maps are not supported yet");
    case WN_OP_VAR:
        return wn_fail(err, WN_E_UNSUPPORTED, at, "variables of the kernel do not exist here");
    default: return 0;
    }
}

/** Where a reference to code leads, if it leads to an instruction of the program. */
static int check_target(const struct wn_code *code, uint32_t at, uint32_t target, const char *what,
                        struct wn_error *err)
{
    if (target >= code->n_ops)
        return wn_fail(err, WN_E_MALFORMED, at, "%s leads out of the program; it has slots 0 to %u",
                       what, code->n_ops - 1);
    if (wn_op_kind(&code->ops[target]) == WN_KIND_HOLE)
        return wn_fail(err, WN_E_MALFORMED, at,
                       "%s leads to slot %u, the second half of a wide instruction; that begins at "
                       "slot %u",
                       what, target, target - 1);
    return 0;
}

/** One instruction by itself; functions it names are noted in `starts`. */
static int check_op(const struct wn_code *code, uint32_t at, uint8_t *starts, struct wn_error *err)
{
    const struct wn_op *op = &code->ops[at];
    enum wn_kind kind = wn_op_kind(op);
    int r = kind == WN_KIND_CALL || kind == WN_KIND_WIDE ? check_supported(op, at, err) : 0;
    if (r)
        return r;
    if (op->dst == WN_R10 && wn_op_defs(op) & 1u << WN_R10)
        return wn_fail(err, WN_E_REJECTED, at,
                       "%s writes r10, the frame pointer, which is fixed; copy r10 to another "
                       "register, and change that",
                       wn_rows[op->id].name);
    switch (kind) {
    case WN_KIND_JUMP:
    case WN_KIND_BRANCH: return check_target(code, at, op->target, "jump", err);
    case WN_KIND_CALL:
        if (op->id != WN_OP_CALL_LOCAL)
            return 0;
        r = check_target(code, at, op->target, "call", err);
        if (r == 0)
            starts[op->target] |= BEGINS;
        return r;
    case WN_KIND_WIDE:
        if (op->id != WN_OP_FUNC)
            return 0;
        if (op->high)
            return wn_fail(err, WN_E_MALFORMED, at,
                           "function address: upper immediate is %d, must be 0", (int)op->high);
        r = check_target(code, at, wn_func_slot(op, at), "function address", err);
        if (r == 0)
            starts[wn_func_slot(op, at)] |= BEGINS | TAKEN;
        return r;
    default: return 0;
    }
}

static int find_funcs(struct wn_code *code, const uint8_t *starts, struct wn_error *err)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < code->n_ops; i++)
        n += starts[i] != 0;
    struct wn_func *funcs = calloc(n, sizeof *funcs);
    if (!funcs)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    uint32_t f = 0;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        if (starts[i])
            funcs[f++] = (struct wn_func){.first = i, .first_slot = i, .taken = starts[i] & TAKEN};
    }
    for (f = 0; f < n; f++) {
        uint32_t end = f + 1 < n ? funcs[f + 1].first : code->n_ops;
        funcs[f].slots = funcs[f].count = end - funcs[f].first;
    }
    free(code->funcs);
    code->funcs = funcs;
    code->n_funcs = n;
    return 0;
}

/** Calls through a register times the functions that they may be of. */
static int check_indirect(const struct wn_code *code, struct wn_error *err)
{
    uint64_t taken = 0, calls = 0;
    for (uint32_t f = 0; f < code->n_funcs; f++)
        taken += code->funcs[f].taken;
    for (uint32_t i = 0; taken && i < code->n_ops; i++) {
        calls += wn_rows[code->ops[i].id].form == WN_FORM_CALL_REG;
        if (calls * taken > MOST_INDIRECT)
            return wn_fail(err, WN_E_LIMIT, i,
                           "%u calls through a register, of %u functions, are too many",
                           (unsigned)calls, (unsigned)taken);
    }
    return 0;
}

/** Control stays within a function, up to its end. */
static int check_func(const struct wn_code *code, const struct wn_func *f, struct wn_error *err)
{
    uint32_t end = f->first + f->count;
    for (uint32_t i = f->first; i < end; i++) {
        const struct wn_op *op = &code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        if (kind != WN_KIND_JUMP && kind != WN_KIND_BRANCH)
            continue;
        if (op->target < f->first || op->target >= end)
            return wn_fail(err, WN_E_MALFORMED, i,
                           "jump leads to slot %u, out of its function (slots %u to %u); functions "
                           "are entered by calls",
                           op->target, f->first, end - 1);
    }
    enum wn_kind last = wn_op_kind(&code->ops[end - 1]);
    if (last != WN_KIND_EXIT && last != WN_KIND_JUMP)
        return wn_fail(err, WN_E_MALFORMED, end - 1,
                       "control runs past the end of the %s; it must end in exit or a jump",
                       end == code->n_ops ? "program" : "function");
    return 0;
}

/** Whether an access is wrong in no run: through r10 itself, within the frame, aligned if atomic.
 */
static bool in_frame(const struct wn_op *op, uint32_t frame_bytes)
{
    enum wn_kind kind = wn_op_kind(op);
    if (op->a != WN_R10)
        return false;
    if (kind != WN_KIND_LOAD && kind != WN_KIND_STORE && kind != WN_KIND_ATOMIC)
        return false;
    if (op->off < -(int32_t)frame_bytes || op->off > -(int32_t)op->size)
        return false;
    return kind != WN_KIND_ATOMIC || op->off % (int32_t)op->size == 0;
}

int wn_flow_check(struct wn_code *code, struct wn_error *err)
{
    WN_OWN(free) uint8_t *starts = calloc(code->n_ops, sizeof *starts);
    WN_OWN(free) uint8_t *mark = calloc(code->n_ops, sizeof *mark);
    if (!starts || !mark)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    starts[0] = BEGINS;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        int r = check_op(code, i, starts, err);
        if (r)
            return r;
        mark[i] = in_frame(&code->ops[i], code->frame_bytes) ? WN_MARK_PROVED : WN_MARK_NONE;
    }
    int r = find_funcs(code, starts, err);
    if (r == 0)
        r = check_indirect(code, err);
    for (uint32_t f = 0; r == 0 && f < code->n_funcs; f++)
        r = check_func(code, &code->funcs[f], err);
    if (r)
        return r;
    free(code->mark);
    code->mark = wn_give(mark);
    return 0;
}
