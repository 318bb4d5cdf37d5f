/* SPDX-License-Identifier: MIT */
#include "verify/live.h"

#include <string.h>

#include "helper/helper.h"

#define ARGUMENTS 0x3eu            /* r1 to r5 */
#define CALLED    (ARGUMENTS | 1u) /* what calls leave nothing of */
#define REGS      ((1u << WN_R10) - 1u)

/** What matters at one place. */
struct needs {
    uint32_t deep, shallow;
    uint64_t stack;
};

struct walk {
    const struct wn_code *code;
    struct wn_live *live;
    bool spills;
    bool main_called; /* somebody uses what the main function returns */
};

static struct needs at(const struct walk *w, uint32_t slot)
{
    return (struct needs){w->live->deep[slot], w->live->shallow[slot], w->live->stack[slot]};
}

static void add(struct needs *n, const struct needs *other)
{
    n->deep |= other->deep;
    n->shallow |= other->shallow;
    n->stack |= other->stack;
}

/** The words of the stack that [off, off + size) from the frame's end touches, all of them or any.
 */
static uint64_t words(int32_t off, uint32_t size, bool whole)
{
    int32_t first = off + (int32_t)WN_STACK_FRAME, last = first + (int32_t)size;
    if (first < 0 || last > (int32_t)WN_STACK_FRAME)
        return 0;
    uint64_t mask = 0;
    for (int32_t i = first / 8; i * 8 < last; i++)
        if (!whole || (i * 8 >= first && i * 8 + 8 <= last))
            mask |= UINT64_C(1) << i;
    return mask;
}

static uint32_t bit(unsigned reg)
{
    return 1u << reg & REGS;
}

static void alu(struct needs *n, const struct wn_op *op)
{
    uint32_t uses = wn_op_uses(op) & REGS, defs = wn_op_defs(op);
    bool deep = n->deep & defs, shallow = n->shallow & defs;
    n->deep &= ~defs;
    n->shallow &= ~defs;
    if (deep)
        n->deep |= uses;
    else if (shallow)
        n->shallow |= uses;
}

static void store(const struct walk *w, struct needs *n, const struct wn_op *op)
{
    bool keeps = w->spills;
    if (op->a == WN_R10) {
        keeps |= (words(op->off, op->size, false) & n->stack) != 0;
        n->stack &= ~words(op->off, op->size, true);
    }
    n->deep |= bit(op->a);
    if (wn_rows[op->id].form == WN_FORM_STORE_IMM)
        return;
    if (keeps)
        n->deep |= bit(op->b);
    else
        n->shallow |= bit(op->b);
}

/** Arguments of which a helper makes something that has to be proved. */
static void helper(struct needs *n, const struct wn_op *op)
{
    const struct wn_helper *h = wn_helper_find((uint32_t)op->imm);
    n->deep &= ~CALLED;
    n->shallow &= ~CALLED;
    bool calls = h && wn_helper_repeats(h); /* functions, with what comes of its numbers */
    for (unsigned i = 0; h && i < 5; i++)
        switch ((enum wn_arg)h->sig.args[i]) {
        case WN_ARG_NONE:
        case WN_ARGS: break;
        case WN_ARG_SCALAR:
        case WN_ARG_ANY: *(calls ? &n->deep : &n->shallow) |= bit(WN_R1 + i); break;
        case WN_ARG_MEM:
        case WN_ARG_MEM_WRITE:
        case WN_ARG_MEM_INOUT:
        case WN_ARG_INOUT32:
        case WN_ARG_OUT64:
        case WN_ARG_STRING:
        case WN_ARG_DATA:
        case WN_ARG_SIZE:
        case WN_ARG_SIZE0:
        case WN_ARG_CTX:
        case WN_ARG_FUNC:
        case WN_ARG_FUNC_DATA:
        case WN_ARG_MAP:
        case WN_ARG_KEY:
        case WN_ARG_VALUE:
        case WN_ARG_VALUE_WRITE:
        case WN_ARG_LOCK:
        case WN_ARG_RECORD_SIZE:
        case WN_ARG_RECORD: n->deep |= bit(WN_R1 + i); break;
        }
}

static void call(const struct walk *w, struct needs *n, const struct wn_op *op)
{
    if (op->id == WN_OP_CALL) {
        helper(n, op);
        return;
    }
    n->deep &= ~CALLED;
    n->shallow &= ~CALLED;
    if (op->id == WN_OP_CALL_LOCAL) {
        n->deep |= w->live->deep[op->target] & ARGUMENTS;
        n->shallow |= w->live->shallow[op->target] & ARGUMENTS;
    } else {
        n->deep |= ARGUMENTS | bit(op->a);
    }
}

/** From what matters behind an instruction to what does before it. */
static void before(const struct walk *w, struct needs *n, uint32_t slot, bool main)
{
    const struct wn_op *op = &w->code->ops[slot];
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU:
    case WN_KIND_WIDE: alu(n, op); break;
    case WN_KIND_LOAD:
        n->deep = (n->deep & ~wn_op_defs(op)) | bit(op->a);
        n->shallow &= ~wn_op_defs(op);
        if (op->a == WN_R10)
            n->stack |= words(op->off, op->size, false);
        break;
    case WN_KIND_STORE: store(w, n, op); break;
    case WN_KIND_ATOMIC:
        n->deep = (n->deep & ~wn_op_defs(op)) | bit(op->a);
        n->shallow = (n->shallow & ~wn_op_defs(op)) | (wn_op_uses(op) & REGS);
        break;
    case WN_KIND_BRANCH: n->deep |= wn_op_uses(op) & REGS; break;
    case WN_KIND_CALL: call(w, n, op); break;
    case WN_KIND_EXIT:
        *n = (struct needs){.deep = main && !w->main_called ? 0 : 1, .shallow = 1};
        break;
    case WN_KIND_PACKET:
        n->deep &= ~CALLED;
        n->shallow = (n->shallow & ~CALLED) | (wn_op_uses(op) & REGS);
        break;
    case WN_KIND_JUMP:
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
}

static bool visit(const struct walk *w, uint32_t slot, bool main)
{
    const struct wn_op *op = &w->code->ops[slot];
    enum wn_kind kind = wn_op_kind(op);
    struct needs n = {0}, old = at(w, slot);
    if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
        n = at(w, op->target);
    if (kind != WN_KIND_JUMP && kind != WN_KIND_EXIT && slot + 1 < w->code->n_ops) {
        struct needs next = at(w, slot + 1);
        add(&n, &next);
    }
    before(w, &n, slot, main);
    if (w->spills)
        n.stack = UINT64_MAX;
    add(&n, &old);
    w->live->deep[slot] = (uint16_t)n.deep;
    w->live->shallow[slot] = (uint16_t)n.shallow;
    w->live->stack[slot] = n.stack;
    return n.deep != old.deep || n.shallow != old.shallow || n.stack != old.stack;
}

bool wn_live_init(struct wn_live *live, const struct wn_code *code, bool spills,
                  struct wn_heap *heap)
{
    size_t n = code->n_ops;
    live->spills = spills;
    live->deep = wn_heap_alloc(heap, n * sizeof *live->deep);
    live->shallow = wn_heap_alloc(heap, n * sizeof *live->shallow);
    live->stack = wn_heap_alloc(heap, n * sizeof *live->stack);
    if (!live->deep || !live->shallow || !live->stack)
        return false;
    memset(live->deep, 0, n * sizeof *live->deep);
    memset(live->shallow, 0, n * sizeof *live->shallow);
    memset(live->stack, 0, n * sizeof *live->stack);
    struct walk w = {.code = code, .live = live, .spills = spills};
    for (uint32_t i = 0; i < n; i++)
        w.main_called |= (code->ops[i].id == WN_OP_CALL_LOCAL && code->ops[i].target == 0) ||
                         code->ops[i].id == WN_OP_FUNC;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t f = code->n_funcs; f-- > 0;)
            for (uint32_t i = code->funcs[f].first + code->funcs[f].count;
                 i-- > code->funcs[f].first;)
                changed |= visit(&w, i, f == 0);
    }
    return true;
}

void wn_live_fini(struct wn_live *live, const struct wn_code *code, struct wn_heap *heap)
{
    size_t n = code->n_ops;
    wn_heap_free(heap, live->deep, live->deep ? n * sizeof *live->deep : 0);
    wn_heap_free(heap, live->shallow, live->shallow ? n * sizeof *live->shallow : 0);
    wn_heap_free(heap, live->stack, live->stack ? n * sizeof *live->stack : 0);
    *live = (struct wn_live){0};
}
