/* SPDX-License-Identifier: MIT */
#include "verify/precise.h"

#include <string.h>

#define SCRATCH 0x3eu /* r1 to r5 */

struct back {
    const struct wn_code *code;
    struct wn_marks *m;
    uint32_t depth; /* the frame: functions that have not returned, less 1 */
};

bool wn_marks_add(struct wn_marks *marks, const struct wn_marks *more)
{
    bool added = false;
    for (unsigned i = 0; i < WN_CALL_DEPTH; i++) {
        added |= (more->regs[i] & ~marks->regs[i]) || (more->words[i] & ~marks->words[i]);
        marks->regs[i] |= more->regs[i];
        marks->words[i] |= more->words[i];
    }
    return added;
}

struct wn_marks wn_marks_all(void)
{
    struct wn_marks m;
    memset(&m, 0xff, sizeof m);
    return m;
}

static bool is_empty(const struct wn_marks *m)
{
    for (unsigned i = 0; i < WN_CALL_DEPTH; i++)
        if (m->regs[i] || m->words[i])
            return false;
    return true;
}

static uint16_t bit(unsigned reg)
{
    return (uint16_t)(reg < WN_R10 ? 1u << reg : 0);
}

/** Words that an access through r10 touches; of a store those that it fills. */
static uint64_t words(const struct wn_op *op, bool filled)
{
    int32_t first = op->off + (int32_t)WN_STACK_FRAME, last = first + op->size;
    uint64_t mask = 0;
    if (first < 0 || last > (int32_t)WN_STACK_FRAME)
        return 0;
    for (int32_t i = first / 8; i * 8 < last; i++)
        if (!filled || (i * 8 >= first && i * 8 + 8 <= last))
            mask |= UINT64_C(1) << i;
    return mask;
}

static void back_alu(const struct back *b, const struct wn_op *op, uint32_t flags)
{
    uint16_t *regs = &b->m->regs[b->depth];
    if (!(*regs & bit(op->dst)))
        return;
    *regs &= (uint16_t)~bit(op->dst);
    if (flags & WN_STEP_CUT)
        return;
    enum wn_form form = (enum wn_form)wn_rows[op->id].form;
    if (form == WN_FORM_SET_IMM)
        return;
    *regs |= bit(op->a);
    if (form == WN_FORM_DST_SRC)
        *regs |= bit(op->b);
}

static void back_load(const struct back *b, const struct wn_op *op, uint32_t flags)
{
    uint16_t *regs = &b->m->regs[b->depth];
    if (!(*regs & bit(op->dst)))
        return;
    *regs &= (uint16_t)~bit(op->dst);
    if (op->a == WN_R10)
        b->m->words[b->depth] |= words(op, false);
    else if (flags & WN_STEP_STACK)
        *b->m = wn_marks_all();
}

static void back_store(const struct back *b, const struct wn_op *op, uint32_t flags)
{
    uint64_t *kept = &b->m->words[b->depth], touched = words(op, false);
    bool uses = false;
    if (op->a == WN_R10) {
        uses = *kept & touched;
        *kept &= ~words(op, true);
    } else if (flags & WN_STEP_STACK) {
        for (unsigned i = 0; i < WN_CALL_DEPTH; i++)
            uses |= b->m->words[i] != 0;
    }
    if (uses && wn_rows[op->id].form == WN_FORM_STORE_REG)
        b->m->regs[b->depth] |= bit(op->b);
}

static void back_branch(const struct back *b, const struct wn_op *op, uint32_t flags)
{
    uint16_t *regs = &b->m->regs[b->depth];
    uint16_t operands = bit(op->a);
    if (wn_rows[op->id].form == WN_FORM_BRANCH_REG)
        operands |= bit(op->b);
    if (*regs & operands || flags & WN_STEP_LINKED)
        *regs |= operands;
}

/** Back into a function that has returned, with or without knowing what it returned. What a helper
 * was given is kept while it calls functions. */
static void back_into(struct back *b, bool known, bool again)
{
    uint16_t *regs = &b->m->regs[b->depth];
    bool result = *regs & 1u;
    *regs &= (uint16_t) ~(again ? 1u : SCRATCH | 1u);
    if (b->depth + 1 < WN_CALL_DEPTH)
        b->depth++;
    b->m->regs[b->depth] = result && known;
    b->m->words[b->depth] = 0;
}

/** Back out of a function to where it was called. What a helper gives it is made of anything that
 * the helper was given. */
static void back_out(struct back *b, bool again)
{
    uint16_t arguments = b->m->regs[b->depth] & SCRATCH;
    if (again && arguments)
        arguments = SCRATCH;
    b->m->regs[b->depth] = 0;
    b->m->words[b->depth] = 0;
    if (b->depth > 0)
        b->depth--;
    b->m->regs[b->depth] &= (uint16_t) ~(again ? 1u : SCRATCH | 1u);
    b->m->regs[b->depth] |= arguments;
}

static void back_over(struct back *b, uint32_t entry)
{
    const struct wn_op *op = &b->code->ops[entry & WN_STEP_SLOT];
    uint16_t *regs = &b->m->regs[b->depth];
    bool again = entry & WN_STEP_AGAIN;
    if (entry & WN_STEP_LEFT) {
        back_into(b, false, again);
        return;
    }
    if (entry & WN_STEP_OVER) {
        *regs &= (uint16_t) ~(SCRATCH | 1u);
        return;
    }
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU: back_alu(b, op, entry); break;
    case WN_KIND_LOAD: back_load(b, op, entry); break;
    case WN_KIND_STORE: back_store(b, op, entry); break;
    case WN_KIND_BRANCH: back_branch(b, op, entry); break;
    case WN_KIND_EXIT: back_into(b, true, again); break;
    case WN_KIND_CALL:
        if (op->id != WN_OP_CALL || again)
            back_out(b, again);
        else if (!(op->check &
                   WN_CHECK_REPEAT)) /* of those, what comes of it is a step by itself */
            *regs &= (uint16_t) ~(SCRATCH | 1u);
        break;
    case WN_KIND_WIDE:
    case WN_KIND_ATOMIC:
    case WN_KIND_PACKET: *regs &= (uint16_t)~wn_op_defs(op); break;
    case WN_KIND_JUMP:
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
}

void wn_trail_mark(const struct wn_code *code, const struct wn_trail *trail, size_t skip,
                   uint32_t depth, struct wn_marks *marks, wn_marks_fn node, void *arg)
{
    struct back b = {.code = code, .m = marks, .depth = depth - 1};
    for (size_t i = trail->len - skip; i > 0 && !is_empty(marks); i--) {
        uint32_t entry = trail->data[i - 1];
        if (!(entry & WN_STEP_NODE))
            back_over(&b, entry);
        else if (!wn_marks_add(node(arg, entry & ~WN_STEP_NODE), marks))
            return; /* the rest has been noted before */
    }
}
