/* SPDX-License-Identifier: MIT */
#include "verify/frames.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

const struct wn_func *wn_frames_func(const struct wn_code *code, uint32_t slot)
{
    uint32_t low = 0, high = code->n_funcs;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (code->funcs[middle].first <= slot)
            low = middle;
        else
            high = middle;
    }
    return &code->funcs[low];
}

static uint32_t own_bytes(const uint16_t *reach, uint32_t f)
{
    uint32_t bytes = reach[f] ? reach[f] : 1;
    return (bytes + 31) & ~31u;
}

/** What each function has with those that it calls, as far as that is known. */
struct totals {
    const struct wn_code *code;
    const uint16_t *reach;
    uint32_t *of;   /* each function */
    uint32_t taken; /* the one of which most is known, among those that registers may hold */
};

static void choose_taken(struct totals *t)
{
    t->taken = WN_NOWHERE;
    for (uint32_t f = 0; f < t->code->n_funcs; f++)
        if (t->code->funcs[f].taken && (t->taken == WN_NOWHERE || t->of[f] > t->of[t->taken]))
            t->taken = f;
}

/** The heaviest function that an instruction may call; WN_NOWHERE if it calls none. */
static uint32_t callee_of(const struct totals *t, const struct wn_op *op)
{
    if (op->id == WN_OP_CALL_LOCAL)
        return (uint32_t)(wn_frames_func(t->code, op->target) - t->code->funcs);
    bool any = wn_rows[op->id].form == WN_FORM_CALL_REG || op->check & WN_CHECK_REPEAT;
    return any ? t->taken : WN_NOWHERE;
}

/** The call in a function that has most below it; WN_NOWHERE if there is none. */
static uint32_t heaviest_call(const struct totals *t, uint32_t f)
{
    const struct wn_func *func = &t->code->funcs[f];
    uint32_t most = 0, slot = WN_NOWHERE;
    for (uint32_t i = func->first; i < func->first + func->count; i++) {
        uint32_t callee = callee_of(t, &t->code->ops[i]);
        if (callee == WN_NOWHERE || t->of[callee] <= most)
            continue;
        most = t->of[callee];
        slot = i;
    }
    return slot;
}

bool wn_frames_exceed(const struct wn_code *code, const uint16_t *reach, uint32_t *slot,
                      uint32_t *bytes)
{
    uint32_t n = code->n_funcs, f = 0, sum = own_bytes(reach, 0);
    WN_OWN(free) uint32_t *now = calloc(n, sizeof *now);
    WN_OWN(free) uint32_t *next = calloc(n, sizeof *next);
    struct totals t = {code, reach, now, WN_NOWHERE};
    if (!now || !next)
        return false;
    /* After so many rounds they are of so many functions within each other. */
    for (uint32_t round = 0; round < code->call_depth; round++) {
        choose_taken(&t);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t call = heaviest_call(&t, i);
            next[i] = own_bytes(reach, i);
            if (call != WN_NOWHERE)
                next[i] += now[callee_of(&t, &code->ops[call])];
        }
        memcpy(now, next, n * sizeof *now);
    }
    choose_taken(&t);
    *bytes = now[0];
    while (now[0] > WN_STACK_IN_ALL && sum <= WN_STACK_IN_ALL) {
        *slot = heaviest_call(&t, f);
        if (*slot == WN_NOWHERE) /* the functions lie deeper within each other than they may */
            return false;
        f = callee_of(&t, &code->ops[*slot]);
        sum += own_bytes(reach, f);
    }
    return now[0] > WN_STACK_IN_ALL;
}
