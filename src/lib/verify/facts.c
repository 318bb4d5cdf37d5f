/* SPDX-License-Identifier: MIT */
#include "verify/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"

/* Steps for each slot, and some for the smallest programs: loops within each other take more. */
#define STEPS_A_SLOT 64u
#define FIRST_STEPS  4096u
#define MOST_HEADS   65536u
/* The head of a loop is told so many times what came back before it is widened, then forgotten. */
#define JOINS    2u
#define WIDENING 16u

struct state {
    struct wn_value r[WN_REGS];
};

/** A place where ways meet. */
struct head {
    uint32_t slot;
    uint16_t times; /* its state has changed */
    bool loops;     /* something jumps back to it */
    bool reached;
    bool waiting; /* to be followed from */
    struct state state;
};

struct wn_facts {
    struct {
        struct wn_value *data; /* the first one knows nothing */
        size_t len, cap;
    } values;
    uint32_t (*at)[WN_REGS]; /* of each slot: where its registers' values are, counted from 1; 0 if
                                no run comes there */
};

/** The search, and its walks over straight runs of code. */
struct search {
    const struct wn_code *code;
    uint32_t *head_at; /* of each slot: its head, counted from 1; 0 if it has none */
    struct head *heads;
    uint32_t n_heads;
    uint32_t lowest;        /* none before it waits */
    uint64_t steps;         /* that are left */
    struct wn_facts *facts; /* what is being noted, in the last round; else NULL */
};

WN_OWN_BY(facts, struct wn_facts, wn_facts_free)

void wn_facts_free(struct wn_facts *facts)
{
    if (!facts)
        return;
    free(facts->values.data);
    free(facts->at);
    free(facts);
}

const struct wn_value *wn_facts_find(const struct wn_facts *facts, uint32_t slot, unsigned reg)
{
    uint32_t at = facts->at[slot][reg];
    return at ? &facts->values.data[at - 1] : NULL;
}

/* ---- What instructions do -------------------------------------------------------------------- */

static void forget(struct wn_value *v)
{
    *v = wn_value_unknown();
}

static void call(struct state *s)
{
    forget(&s->r[WN_R0]);
    for (unsigned r = WN_R1; r <= WN_R5; r++)
        s->r[r] = wn_value_const(0);
}

/** The second operand: a register, or the immediate. */
static struct wn_value second(const struct state *s, const struct wn_op *op)
{
    enum wn_form form = (enum wn_form)wn_rows[op->id].form;
    if (form == WN_FORM_DST_SRC || form == WN_FORM_BRANCH_REG)
        return s->r[op->b];
    return wn_value_const((uint64_t)(int64_t)op->imm);
}

/** Sums with what is not known, most of them of addresses, are common and say nothing. */
static bool says_nothing(const struct state *s, const struct wn_op *op)
{
    switch ((enum wn_op_id)op->id) {
    case WN_OP_ADD64_K:
    case WN_OP_SUB64_K: return wn_value_is_unknown(&s->r[op->a]);
    case WN_OP_ADD64_X:
    case WN_OP_SUB64_X:
        return wn_value_is_unknown(&s->r[op->a]) || wn_value_is_unknown(&s->r[op->b]);
    default: return false;
    }
}

static struct wn_value computed(const struct state *s, const struct wn_op *op)
{
    if (says_nothing(s, op))
        return wn_value_unknown();
    struct wn_value b = second(s, op);
    return wn_value_compute((enum wn_op_id)op->id, &s->r[op->a], &b);
}

/** Go over an instruction that is no jump and no branch. */
static void pass(struct state *s, const struct wn_op *op)
{
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU: s->r[op->dst] = computed(s, op); break;
    case WN_KIND_WIDE:
        if (op->id == WN_OP_IMM64)
            s->r[op->dst] = wn_value_const(wn_op_wide(op));
        else
            forget(&s->r[op->dst]);
        break;
    case WN_KIND_LOAD: s->r[op->dst] = wn_value_loaded((enum wn_op_id)op->id); break;
    case WN_KIND_ATOMIC:
        if (wn_op_defs(op))
            s->r[op->dst] = wn_value_of_bits(8u * op->size);
        break;
    case WN_KIND_CALL: call(s); break;
    case WN_KIND_PACKET:
        call(s);
        s->r[WN_R0] = wn_value_of_bits(8u * op->size);
        break;
    case WN_KIND_STORE:
    case WN_KIND_HOLE:
    case WN_KIND_JUMP:
    case WN_KIND_BRANCH:
    case WN_KIND_EXIT:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
}

/** Learn from a branch; false if it cannot go that way. */
static bool decide(struct state *s, const struct wn_op *op, bool taken)
{
    struct wn_value b = second(s, op), *a = &s->r[op->a];
    bool by_register = wn_rows[op->id].form == WN_FORM_BRANCH_REG;
    if (!wn_value_refine((enum wn_op_id)op->id, taken, a, &b))
        return false;
    if (by_register && op->b == op->a)
        return wn_value_meet(a, &b);
    if (by_register)
        s->r[op->b] = b;
    return true;
}

/* ---- Where ways meet ------------------------------------------------------------------------- */

/** What the head of a loop knows after `now` came there too. */
static struct wn_value met(const struct head *h, const struct wn_value *before,
                           const struct wn_value *now)
{
    if (!h->loops || h->times <= JOINS)
        return wn_value_join(before, now);
    return h->times <= WIDENING ? wn_value_widen(before, now) : wn_value_unknown();
}

/** Tell a head what is known on one way to it. */
static void arrive(struct search *q, uint32_t slot, const struct state *s)
{
    if (q->facts)
        return;
    uint32_t at = q->head_at[slot] - 1;
    struct head *h = &q->heads[at];
    bool changed = !h->reached;
    if (!h->reached)
        h->state = *s;
    for (unsigned r = 0; h->reached && r < WN_REGS; r++) {
        if (wn_value_includes(&h->state.r[r], &s->r[r]))
            continue;
        h->state.r[r] = met(h, &h->state.r[r], &s->r[r]);
        changed = true;
    }
    h->reached = true;
    if (!changed)
        return;
    h->times++;
    h->waiting = true;
    if (at < q->lowest)
        q->lowest = at;
}

/* ---- Noting ---------------------------------------------------------------------------------- */

/** Note what holds at a slot; registers that have not changed since the one before share its
 * values. */
static bool note(struct wn_facts *f, uint32_t slot, const struct state *s, const uint32_t *before)
{
    for (unsigned r = 0; r < WN_REGS; r++) {
        if (before && !memcmp(&f->values.data[before[r] - 1], &s->r[r], sizeof s->r[r])) {
            f->at[slot][r] = before[r];
            continue;
        }
        f->at[slot][r] = 1;
        if (wn_value_is_unknown(&s->r[r]))
            continue;
        if (!wn_vec_push(&f->values, s->r[r]))
            return false;
        f->at[slot][r] = (uint32_t)f->values.len;
    }
    return true;
}

/** Follow one way from a head to the next one, or to where it ends; false without memory. */
static bool follow(struct search *q, const struct head *from)
{
    struct state s = from->state, other;
    const uint32_t *before = NULL;
    for (uint32_t at = from->slot;; at++) {
        const struct wn_op *op = &q->code->ops[at];
        enum wn_kind kind = wn_op_kind(op);
        if (at != from->slot && q->head_at[at]) {
            arrive(q, at, &s);
            return true;
        }
        if (q->facts && !note(q->facts, at, &s, before))
            return false;
        before = q->facts ? q->facts->at[at] : NULL;
        q->steps -= q->steps > 0;
        if (kind == WN_KIND_EXIT)
            return true;
        if (kind == WN_KIND_BRANCH) {
            other = s;
            if (decide(&other, op, true))
                arrive(q, op->target, &other);
            if (!decide(&s, op, false))
                return true;
        } else if (kind == WN_KIND_JUMP) {
            arrive(q, op->target, &s);
            return true;
        } else {
            pass(&s, op);
        }
    }
}

/* ---- The search ------------------------------------------------------------------------------ */

/** Whether the registers that nobody sets are 0 where a function begins: in the main one, unless it
 * is called. */
static bool begins_empty(const struct wn_code *code, const struct wn_func *f)
{
    if (f->first_slot != 0 || f->taken)
        return false;
    for (uint32_t i = 0; i < code->n_ops; i++)
        if (code->ops[i].id == WN_OP_CALL_LOCAL && code->ops[i].target == 0)
            return false;
    return true;
}

static void begin(struct search *q, const struct wn_func *f)
{
    struct state s;
    for (unsigned r = 0; r < WN_REGS; r++)
        forget(&s.r[r]);
    s.r[WN_R0] = wn_value_const(0);
    if (begins_empty(q->code, f))
        for (unsigned r = WN_R6; r <= WN_R9; r++)
            s.r[r] = wn_value_const(0);
    arrive(q, f->first_slot, &s);
}

static int find_heads(struct search *q, struct wn_error *err)
{
    const struct wn_code *code = q->code;
    for (uint32_t f = 0; f < code->n_funcs; f++)
        q->head_at[code->funcs[f].first_slot] = 1;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind kind = wn_op_kind(&code->ops[i]);
        if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
            q->head_at[code->ops[i].target] = 1;
    }
    for (uint32_t i = 0; i < code->n_ops; i++)
        if (q->head_at[i])
            q->head_at[i] = ++q->n_heads;
    if (q->n_heads > MOST_HEADS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "%u targets of jumps are too many",
                       (unsigned)q->n_heads);
    q->heads = calloc(q->n_heads, sizeof *q->heads);
    if (!q->heads)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (uint32_t i = 0; i < code->n_ops; i++) {
        const struct wn_op *op = &code->ops[i];
        enum wn_kind kind = wn_op_kind(op);
        if (q->head_at[i])
            q->heads[q->head_at[i] - 1].slot = i;
        if ((kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH) && wn_is_back_edge(i, op->target))
            q->heads[q->head_at[op->target] - 1].loops = true;
    }
    return 0;
}

/** Follow everything that has changed, in the order of slots, until nothing does. */
static bool settle(struct search *q)
{
    q->steps = FIRST_STEPS + (uint64_t)STEPS_A_SLOT * q->code->n_ops;
    for (uint32_t f = 0; f < q->code->n_funcs; f++)
        begin(q, &q->code->funcs[f]);
    for (q->lowest = 0; q->lowest < q->n_heads && q->steps;) {
        struct head *h = &q->heads[q->lowest++];
        if (!h->waiting)
            continue;
        h->waiting = false;
        follow(q, h);
    }
    return q->steps > 0;
}

static int note_all(struct search *q, struct wn_facts **out, struct wn_error *err)
{
    WN_OWN(facts) struct wn_facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    facts->at = calloc(q->code->n_ops, sizeof *facts->at);
    bool noted = facts->at && wn_vec_push(&facts->values, wn_value_unknown());
    q->facts = facts;
    for (uint32_t i = 0; noted && i < q->n_heads; i++)
        noted = !q->heads[i].reached || follow(q, &q->heads[i]);
    if (!noted)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *out = wn_give(facts);
    return 0;
}

int wn_facts_new(const struct wn_code *code, struct wn_facts **out, struct wn_error *err)
{
    WN_OWN(free) uint32_t *head_at = calloc(code->n_ops, sizeof *head_at);
    if (!head_at)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    struct search q = {.code = code, .head_at = head_at};
    int r = find_heads(&q, err);
    if (r == 0 && !settle(&q))
        r = wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "loops within loops do not settle in time");
    if (r == 0)
        r = note_all(&q, out, err);
    free(q.heads);
    return r;
}
