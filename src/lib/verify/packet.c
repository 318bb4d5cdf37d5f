/* SPDX-License-Identifier: MIT */
#include "verify/packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

/* Distances and lengths beyond this are not followed, so that sums stay far from wrapping. */
#define FARTHEST 0xffff

/** What is known of a register. */
enum kind {
    UNKNOWN,
    CONSTANT, /* number */
    DATA,     /* the packet's first byte, plus number */
    LENGTH,   /* bytes captured */
    END,      /* the packet's first byte, plus its length */
};

struct value {
    uint16_t kind;
    uint16_t number;
};

/** Registers in fours, so that compilers compare them so. */
#define VALUES ((WN_REGS + 3) / 4 * 4)

/** What is known before an instruction. */
struct state {
    struct value r[VALUES];
    uint32_t length; /* the packet has at least so many bytes */
    bool reached;
};

/** What is known where jumps and calls lead; on the way there one state goes along. */
struct entries {
    uint32_t
        *at; /* of each slot: its state, counted from 1; 0 if only the slot before leads here */
    struct state *states;
    uint32_t n;
};

static bool same(struct value a, struct value b)
{
    return a.kind == b.kind && a.number == b.number;
}

/** Keep what holds on both ways. */
static void join(struct state *into, const struct state *from)
{
    if (!into->reached) {
        *into = *from;
        return;
    }
    _Static_assert(UNKNOWN == 0 && sizeof(struct value) == 4, "values are compared as numbers");
    uint32_t a[VALUES], b[VALUES];
    memcpy(a, into->r, sizeof a);
    memcpy(b, from->r, sizeof b);
    for (unsigned i = 0; i < VALUES; i++)
        a[i] = a[i] == b[i] ? a[i] : 0;
    memcpy(into->r, a, sizeof a);
    if (from->length < into->length)
        into->length = from->length;
}

static void forget(struct state *s)
{
    *s = (struct state){.reached = true};
}

static struct value sum(struct value a, struct value b)
{
    bool counts = (a.kind == DATA || a.kind == CONSTANT) && b.kind == CONSTANT;
    uint32_t number = (uint32_t)a.number + b.number;
    if (a.kind == DATA && a.number == 0 && b.kind == LENGTH)
        return (struct value){END, 0};
    if (counts && number <= FARTHEST)
        return (struct value){a.kind, (uint16_t)number};
    return (struct value){UNKNOWN, 0};
}

static struct value constant(int32_t imm)
{
    if (imm < 0 || imm > FARTHEST)
        return (struct value){UNKNOWN, 0};
    return (struct value){CONSTANT, (uint16_t)imm};
}

/** What an operation puts into its dst. A length has 32 bits, so moves of 32 bits keep it. */
static struct value result(const struct state *s, const struct wn_op *op)
{
    struct value a = s->r[op->a], b = s->r[op->b];
    switch ((enum wn_op_id)op->id) {
    case WN_OP_MOV64_K:
    case WN_OP_MOV32_K: return constant(op->imm);
    case WN_OP_MOV64_X: return a;
    case WN_OP_MOV32_X:
        return a.kind == LENGTH || a.kind == CONSTANT ? a : (struct value){UNKNOWN, 0};
    case WN_OP_ADD64_K: return sum(a, constant(op->imm));
    case WN_OP_ADD64_X: return same(sum(a, b), (struct value){UNKNOWN, 0}) ? sum(b, a) : sum(a, b);
    default: return (struct value){UNKNOWN, 0};
    }
}

static void forget_result(struct state *s, const struct wn_op *op)
{
    for (uint32_t defs = wn_op_defs(op); defs; defs &= defs - 1)
        s->r[__builtin_ctz(defs)] = (struct value){UNKNOWN, 0};
}

/** Orders of a comparison, from the side of its left operand. */
enum order { NONE, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

/** The order that holds when a branch is taken; signs do not matter below 2^31, see holds(). */
static enum order order_of(enum wn_op_id id)
{
    switch (id) {
    case WN_OP_JLT64_K:
    case WN_OP_JLT64_X:
    case WN_OP_JLT32_K: return LESS;
    case WN_OP_JLE64_K:
    case WN_OP_JLE64_X:
    case WN_OP_JLE32_K: return LESS_EQUAL;
    case WN_OP_JGT64_K:
    case WN_OP_JGT64_X:
    case WN_OP_JGT32_K: return GREATER;
    case WN_OP_JGE64_K:
    case WN_OP_JGE64_X:
    case WN_OP_JGE32_K: return GREATER_EQUAL;
    default: return NONE;
    }
}

static enum order negated(enum order o)
{
    static const enum order other[] = {NONE, GREATER_EQUAL, GREATER, LESS_EQUAL, LESS};
    return other[o];
}

static enum order mirrored(enum order o)
{
    static const enum order other[] = {NONE, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL};
    return other[o];
}

/**
 * Learn from `a o b`. Lengths are compared with constants and, as addresses,
 * the packet's end with places at a constant distance from its beginning:
 * such places are far from where addresses wrap, as the packet is there.
 */
static void learn(struct state *s, struct value a, enum order o, struct value b)
{
    bool lengths = a.kind == LENGTH && b.kind == CONSTANT;
    bool places = a.kind == END && b.kind == DATA;
    uint32_t least = 0;
    if (o == GREATER)
        least = b.number + 1u;
    else if (o == GREATER_EQUAL)
        least = b.number;
    if ((lengths || places) && least > s->length)
        s->length = least;
}

static void learn_branch(struct state *s, const struct wn_op *op, bool taken)
{
    if (s->r[op->a].kind < LENGTH && s->r[op->b].kind < LENGTH)
        return;
    enum order o = order_of((enum wn_op_id)op->id);
    bool by_register = wn_rows[op->id].form == WN_FORM_BRANCH_REG;
    struct value a = s->r[op->a], b = by_register ? s->r[op->b] : constant(op->imm);
    if (!taken)
        o = negated(o);
    learn(s, a, o, b);
    learn(s, b, mirrored(o), a);
}

/** Where a load begins and ends counts from the packet's beginning. */
static bool is_within(const struct state *s, const struct wn_op *op)
{
    struct value a = s->r[op->a];
    int32_t first = (int32_t)a.number + op->off;
    return a.kind == DATA && first >= 0 && (uint32_t)first + op->size <= s->length;
}

/** Tell the target of a branch what is known, and what the branch being taken adds. */
static void pass_on(const struct entries *e, uint32_t at, const struct wn_op *op, struct state *s)
{
    if (wn_is_back_edge(at, op->target)) /* everything there has been forgotten already */
        return;
    uint32_t length = s->length;
    if (wn_op_kind(op) == WN_KIND_BRANCH)
        learn_branch(s, op, true);
    join(&e->states[e->at[op->target] - 1], s);
    s->length = length;
}

/** One instruction: mark it, tell its target what is known, and go on to the next slot. */
static void visit(struct wn_code *code, const struct entries *e, uint32_t at, struct state *s)
{
    const struct wn_op *op = &code->ops[at];
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU: s->r[op->dst] = result(s, op); break;
    case WN_KIND_LOAD:
        if (is_within(s, op))
            code->mark[at] = WN_MARK_PROVED;
        s->r[op->dst] = (struct value){UNKNOWN, 0};
        break;
    case WN_KIND_EXIT: s->reached = false; break;
    case WN_KIND_JUMP:
        pass_on(e, at, op, s);
        s->reached = false;
        break;
    case WN_KIND_BRANCH:
        pass_on(e, at, op, s);
        learn_branch(s, op, false);
        break;
    default: forget_result(s, op); break;
    }
}

/** Give a slot a state of its own. */
static void add_entry(struct entries *e, uint32_t slot)
{
    if (!e->at[slot])
        e->at[slot] = ++e->n;
}

/** Find the slots that are entered from elsewhere than the slot before. */
static void find_entries(const struct wn_code *code, struct entries *e)
{
    for (uint32_t f = 0; f < code->n_funcs; f++)
        add_entry(e, code->funcs[f].first);
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind kind = wn_op_kind(&code->ops[i]);
        if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
            add_entry(e, code->ops[i].target);
    }
}

/** Loops and functions are entered knowing nothing. */
static void forget_entries(const struct wn_code *code, const struct entries *e)
{
    for (uint32_t i = 0; i < code->n_ops; i++) {
        const struct wn_op *op = &code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        bool jumps = kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH;
        if (op->id == WN_OP_FUNC) /* may be the main function's */
            forget(&e->states[e->at[wn_func_slot(op, i)] - 1]);
        if (op->id == WN_OP_CALL_LOCAL || (jumps && wn_is_back_edge(i, op->target)))
            forget(&e->states[e->at[op->target] - 1]);
    }
    for (uint32_t f = 1; f < code->n_funcs; f++)
        forget(&e->states[e->at[code->funcs[f].first] - 1]);
}

static void visit_all(struct wn_code *code, const struct entries *e)
{
    struct state s = {.reached = false}, start = {.reached = true};
    start.r[WN_R1] = (struct value){DATA, 0};
    start.r[WN_R2] = (struct value){LENGTH, 0};
    if (!e->states[0].reached)
        e->states[0] = start;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        if (e->at[i]) {
            struct state *here = &e->states[e->at[i] - 1];
            if (s.reached)
                join(here, &s);
            s = *here;
        }
        if (s.reached)
            visit(code, e, i, &s);
    }
}

int wn_packet_prove(struct wn_code *code, struct wn_error *err)
{
    WN_OWN(free) uint32_t *at = calloc(code->n_ops, sizeof *at);
    struct entries e = {.at = at};
    if (at)
        find_entries(code, &e);
    WN_OWN(free) struct state *states = at ? calloc(e.n, sizeof *states) : NULL;
    if (!states)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    e.states = states;
    forget_entries(code, &e);
    visit_all(code, &e);
    return 0;
}
