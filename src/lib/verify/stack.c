/* SPDX-License-Identifier: MIT */
#include "verify/stack.h"

#include <errno.h>
#include <stdlib.h>

#include "base/own.h"

/** Note how deep a function may lie that one at `caller` calls; whether that is deeper than known.
 */
static bool deepen(uint8_t *depth, uint8_t caller, uint32_t deepest)
{
    if (*depth > caller || *depth == deepest)
        return false;
    *depth = (uint8_t)(caller < deepest ? caller + 1u : deepest);
    return true;
}

/** Note the callees of one function; whether any of them turned out to be deeper than known. */
static bool descend(const struct wn_code *code, uint32_t f, uint8_t *depth)
{
    const struct wn_func *func = &code->funcs[f];
    bool deeper = false;
    for (uint32_t i = func->first; depth[f] && i < func->first + func->count; i++) {
        const struct wn_op *op = &code->ops[i];
        if (wn_op_kind(op) != WN_KIND_CALL)
            continue;
        if (op->id == WN_OP_CALL_LOCAL) {
            const struct wn_func *callee = wn_code_func_at(code, op->target);
            deeper |= deepen(&depth[callee - code->funcs], depth[f], code->call_depth);
        } else if (wn_rows[op->id].form == WN_FORM_CALL_REG || op->check & WN_CHECK_REPEAT) {
            for (uint32_t callee = 0; callee < code->n_funcs; callee++)
                if (code->funcs[callee].taken)
                    deeper |= deepen(&depth[callee], depth[f], code->call_depth);
        }
    }
    return deeper;
}

/** How far below its frame's end a function touches the stack; WN_STACK_BYTES if nobody knows. */
static uint32_t reach_of(const struct wn_code *code, const struct wn_func *func)
{
    uint32_t lowest = 0;
    for (uint32_t i = func->first; i < func->first + func->count; i++) {
        const struct wn_op *op = &code->ops[i];
        if ((op->a != WN_R10 && op->b != WN_R10) || !(wn_op_uses(op) & 1u << WN_R10))
            continue;
        bool stores_r10 = op->b == WN_R10;
        if (code->mark[i] != WN_MARK_PROVED || stores_r10)
            return WN_STACK_BYTES;
        if ((uint32_t)-op->off > lowest)
            lowest = (uint32_t)-op->off;
    }
    return lowest;
}

int wn_stack_need(const struct wn_code *code, uint32_t *out, struct wn_error *err)
{
    WN_OWN(free) uint8_t *depth = calloc(code->n_funcs, sizeof *depth);
    if (!depth)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    depth[0] = 1;
    /* Every round settles one more level of calls, and there are no more than these. */
    bool deeper = true;
    for (unsigned level = 1; deeper && level <= code->call_depth; level++) {
        deeper = false;
        for (uint32_t f = 0; f < code->n_funcs; f++)
            deeper |= descend(code, f, depth);
    }
    uint32_t need = 0, frames = 0;
    bool known = true;
    for (uint32_t f = 0; f < code->n_funcs; f++) {
        if (!depth[f])
            continue;
        uint32_t reach = reach_of(code, &code->funcs[f]);
        uint32_t bytes = reach ? (depth[f] - 1u) * code->frame_bytes + reach : 0;
        known &= reach <= code->frame_bytes;
        if (bytes > need)
            need = bytes;
        if (depth[f] > frames)
            frames = depth[f];
    }
    *out = known ? need : frames * code->frame_bytes;
    return 0;
}
