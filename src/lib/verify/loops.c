/* SPDX-License-Identifier: MIT */
#include "verify/loops.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "verify/count.h"
#include "verify/frames.h"
#include "verify/graph.h"

/* Loops are looked into for so many steps a slot in all; what is left has no bound. */
#define STEPS_A_SLOT 64u
#define FIRST_STEPS  20000u
#define ROUNDS       6u  /* until what a register grows by has to stay as it is */
#define MOST_ALIKE   64u /* loops behind each other that may be one circle */
#define DEEPEST      64u /* functions within each other that are looked into */
#define FAR          (INT64_C(1) << 30)
#define SMALL        (INT64_C(1) << 20)
#define ENDLESS      (INT64_C(1) << 62)

enum { NOTHING = 0xff };

/** What a register is: what another one was when the loop began, plus something. */
struct delta {
    uint8_t of; /* register, or NOTHING */
    int64_t min, max;
};

struct deltas {
    struct delta r[WN_R10];
    bool reached;
};

/** All jumps back to one place. */
struct loop {
    uint32_t head;
    uint64_t times;      /* it begins, at most; 0: nobody knows */
    uint64_t by[WN_R10]; /* as one register alone says; 0: it says nothing */
    uint8_t counter;     /* a register that grows or shrinks each time, or NOTHING */
    int64_t step;        /* by at least so much */
    bool whole;          /* the body is known */
    bool aside;          /* it is also entered elsewhere than at its head, once before it begins */
    struct {
        bool known;
        int64_t min, max;
    } range[WN_R10]; /* of registers that are numbers when it begins */
    uint32_t *slots; /* of its body, ascending; the first is not always the head */
    uint32_t n_slots;
};

struct finding {
    const struct wn_code *code;
    wn_loops_range_fn range;
    void *arg;
    uint32_t *first, *from; /* ways to each slot */
    uint32_t *circle;       /* of each slot: component of the graph */
    uint32_t *place;        /* of each slot: in the body being looked at, counted from 1 */
    struct {
        struct loop *data;
        size_t len, cap;
    } loops;
    uint64_t most;  /* steps of a run */
    uint64_t steps; /* left */
    bool out;       /* of memory */
};

static bool jumps(const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    return kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH;
}

static bool goes_on(const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    return kind != WN_KIND_JUMP && kind != WN_KIND_EXIT;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/** Where control goes from a slot. */
static unsigned ways_of(const struct wn_code *code, uint32_t slot, uint32_t to[2])
{
    unsigned n = 0;
    if (jumps(&code->ops[slot]))
        to[n++] = code->ops[slot].target;
    if (goes_on(&code->ops[slot]) && slot + 1 < code->n_ops)
        to[n++] = slot + 1;
    return n;
}

/** For each slot, those that lead to it, and the circles that it is on. */
static bool find_ways(struct finding *f)
{
    uint32_t n = f->code->n_ops, to[2], n_ways = 0;
    WN_OWN(free) struct wn_edge *edges = malloc(2 * (size_t)n * sizeof *edges);
    f->first = calloc((size_t)n + 1, sizeof *f->first);
    f->from = malloc(2 * (size_t)n * sizeof *f->from);
    f->place = calloc(n, sizeof *f->place);
    f->circle = malloc(n * sizeof *f->circle);
    if (!edges || !f->first || !f->from || !f->place || !f->circle)
        return false;
    for (uint32_t i = 0; i < n; i++)
        for (unsigned k = ways_of(f->code, i, to); k-- > 0;) {
            edges[n_ways++] = (struct wn_edge){.from = i, .to = to[k]};
            f->first[to[k]]++;
        }
    for (uint32_t i = 0; i < n; i++)
        f->first[i] += i ? f->first[i - 1] : 0;
    f->first[n] = n_ways;
    for (uint32_t k = 0; k < n_ways; k++)
        f->from[--f->first[edges[k].to]] = edges[k].from;
    return wn_graph_components(n, edges, n_ways, f->circle);
}

struct body {
    uint32_t *data;
    size_t len, cap;
};

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool add(struct finding *f, struct body *body, uint32_t slot)
{
    if (f->place[slot] || f->circle[slot] != f->circle[body->data[0]])
        return true;
    f->place[slot] = 1;
    f->out |= !wn_vec_push(body, slot);
    return !f->out;
}

/** What leads to the jumps back without passing the head, of the circles that it is on; false
 * without memory, or steps. */
static bool find_body(struct finding *f, struct loop *l)
{
    struct body body = {0};
    bool whole = wn_vec_push(&body, l->head);
    f->out |= !whole;
    f->place[l->head] = 1;
    for (uint32_t i = f->first[l->head]; whole && i < f->first[l->head + 1]; i++)
        if (wn_is_back_edge(f->from[i], l->head))
            whole = add(f, &body, f->from[i]);
    for (size_t k = 1; whole && k < body.len && f->steps > 0; k++, f->steps--)
        for (uint32_t i = f->first[body.data[k]]; whole && i < f->first[body.data[k] + 1]; i++)
            whole = add(f, &body, f->from[i]);
    for (size_t k = 1; k < body.len; k++)
        for (uint32_t i = f->first[body.data[k]]; i < f->first[body.data[k] + 1]; i++)
            l->aside |= !f->place[f->from[i]];
    for (size_t k = 0; k < body.len; k++)
        f->place[body.data[k]] = 0;
    if (body.len)
        qsort(body.data, body.len, sizeof *body.data, by_number);
    l->slots = body.data;
    l->n_slots = (uint32_t)body.len;
    return whole && f->steps > 0;
}

/* ---- what registers grow by ------------------------------------------------------------------ */

static struct delta sum(struct delta d, int64_t by)
{
    bool endless = d.min == -ENDLESS || d.max == ENDLESS;
    if (endless && (by < -SMALL || by > SMALL))
        d.of = NOTHING;
    d.min += d.min == -ENDLESS ? 0 : by;
    d.max += d.max == ENDLESS ? 0 : by;
    if (d.of == NOTHING || (d.min < -FAR && d.min != -ENDLESS) || (d.max > FAR && d.max != ENDLESS))
        return (struct delta){NOTHING, 0, 0};
    return d;
}

/** What registers grow by is followed modulo 2^32, so operations of both widths are the same. */
static void pass(struct deltas *s, const struct wn_op *op)
{
    struct delta r = {NOTHING, 0, 0};
    switch ((enum wn_op_id)op->id) {
    case WN_OP_MOV64_X:
    case WN_OP_MOV32_X: r = op->a < WN_R10 ? s->r[op->a] : r; break;
    case WN_OP_ADD64_K:
    case WN_OP_ADD32_K: r = sum(s->r[op->a], op->imm); break;
    case WN_OP_SUB64_K:
    case WN_OP_SUB32_K: r = sum(s->r[op->a], -(int64_t)op->imm); break;
    default: break;
    }
    for (uint32_t defs = wn_op_defs(op) & ((1u << WN_R10) - 1); defs; defs &= defs - 1)
        s->r[__builtin_ctz(defs)] = (struct delta){NOTHING, 0, 0};
    if (r.of != NOTHING)
        s->r[op->dst] = r;
}

/**
 * Let `into` be what either is; whether that changed it.
 *
 * Circles within the body that do not pass its head go around any number of times. What a register
 * grows by there has no end then, but each time around is exact: it is held against what is known
 * of the register at `slot`, for nothing to be lost modulo 2^32 on the way.
 */
static bool meet(const struct finding *f, uint32_t slot, struct deltas *into,
                 const struct deltas *s, unsigned round)
{
    bool changed = !into->reached;
    if (changed)
        *into = *s;
    for (unsigned i = 0; i < WN_R10; i++) {
        struct delta *a = &into->r[i];
        const struct delta *b = &s->r[i];
        int64_t min, max;
        if (a->of == NOTHING || (a->of == b->of && a->min <= b->min && b->max <= a->max))
            continue;
        changed = true;
        bool settles = round < ROUNDS || f->first[slot + 1] - f->first[slot] < 2;
        if (a->of != b->of || round > 3 * ROUNDS ||
            (!settles && (!f->range(f->arg, slot, i, &min, &max) || min < 0 || max > FAR))) {
            a->of = NOTHING;
            continue;
        }
        if (b->min < a->min)
            a->min = settles ? b->min : -ENDLESS;
        if (b->max > a->max)
            a->max = settles ? b->max : ENDLESS;
    }
    return changed;
}

/** Follow the body from the head until nothing changes; what comes back to the head is put
 * together. */
static bool follow(struct finding *f, const struct loop *l, struct deltas *at, struct deltas *back)
{
    bool changed = true;
    for (unsigned round = 0; changed; round++) {
        changed = false;
        for (uint32_t k = 0; k < l->n_slots; k++) {
            uint32_t slot = l->slots[k];
            struct deltas s = at[k];
            if (!s.reached)
                continue;
            if (f->steps == 0)
                return false;
            f->steps--;
            pass(&s, &f->code->ops[slot]);
            uint32_t to[2];
            for (unsigned i = ways_of(f->code, slot, to); i-- > 0;) {
                if (to[i] == l->head)
                    meet(f, l->head, back, &s, 0);
                else if (f->place[to[i]])
                    changed |= meet(f, to[i], &at[f->place[to[i]] - 1], &s, round);
            }
        }
    }
    return back->reached;
}

/** Registers that branches of a loop compare. */
static uint32_t compared_in(const struct wn_code *code, const struct loop *l)
{
    uint32_t regs = 0;
    for (uint32_t k = 0; k < l->n_slots; k++)
        if (wn_op_kind(&code->ops[l->slots[k]]) == WN_KIND_BRANCH)
            regs |= wn_op_uses(&code->ops[l->slots[k]]);
    return regs;
}

/** How often a loop can begin anew, by any of its registers. */
static void count(struct finding *f, struct loop *l)
{
    WN_OWN(free) struct deltas *at = calloc(l->n_slots, sizeof *at);
    struct deltas back = {.reached = false};
    if (!at) {
        f->out = true;
        return;
    }
    for (uint32_t k = 0; k < l->n_slots; k++)
        f->place[l->slots[k]] = k + 1;
    struct deltas *head = &at[f->place[l->head] - 1];
    head->reached = true;
    for (unsigned r = 0; r < WN_R10; r++) {
        head->r[r] = (struct delta){(uint8_t)r, 0, 0};
        l->range[r].known = f->range(f->arg, l->head, r, &l->range[r].min, &l->range[r].max);
    }
    bool done = follow(f, l, at, &back);
    uint32_t compared = compared_in(f->code, l);
    for (uint32_t k = 0; k < l->n_slots; k++)
        f->place[l->slots[k]] = 0;
    for (unsigned r = 0; done && r < WN_R10; r++) {
        const struct delta *d = &back.r[r];
        int64_t by = d->min > 0 ? d->min : -d->max;
        uint64_t span = (uint64_t)l->range[r].max - (uint64_t)l->range[r].min;
        if (d->of != r || by <= 0)
            continue;
        if (l->counter == NOTHING || (compared >> r & 1 && !(compared >> l->counter & 1))) {
            l->counter = (uint8_t)r;
            l->step = d->min > 0 ? by : -by;
        }
        if (!l->range[r].known || span > INT32_MAX)
            continue;
        uint64_t most = span / (uint64_t)by + 1 + l->aside;
        if (most >= f->most)
            continue;
        l->by[r] = most;
        if (l->times == 0 || most < l->times)
            l->times = most;
    }
}

/* ---- all together ---------------------------------------------------------------------------- */

static uint32_t func_at(const struct wn_code *code, uint32_t slot)
{
    return (uint32_t)(wn_code_func_at(code, slot) - code->funcs);
}

/** What is known of a function's cost. */
struct cost {
    uint64_t steps;
    enum { UNKNOWN, ASKED, KNOWN } state;
};

/** Steps of a run of a function, at most: each slot as often as the loops around it say. */
static uint64_t cost_of(const struct finding *f, struct cost *costs, const uint64_t *often,
                        uint32_t func, unsigned depth)
{
    struct cost *c = &costs[func];
    const struct wn_func *fn = &f->code->funcs[func];
    if (c->state == ASKED || depth == DEEPEST) /* it may call itself */
        return UINT64_MAX;
    if (c->state == KNOWN)
        return c->steps;
    c->state = ASKED;
    uint64_t total = 0;
    for (uint32_t i = fn->first; i < fn->first + fn->count; i++) {
        const struct wn_op *op = &f->code->ops[i];
        uint64_t one = 1;
        if (op->id == WN_OP_CALL_LOCAL)
            one =
                wn_count_plus(1, cost_of(f, costs, often, func_at(f->code, op->target), depth + 1));
        else if (op->check & WN_CHECK_REPEAT)
            for (uint32_t k = 0; k < f->code->n_funcs; k++)
                one = wn_count_plus(
                    one, f->code->funcs[k].taken
                             ? wn_count_times(WN_REPEATED, cost_of(f, costs, often, k, depth + 1))
                             : 0);
        else if (wn_rows[op->id].form == WN_FORM_CALL_REG)
            one = UINT64_MAX;
        total = wn_count_plus(total, wn_count_times(one, often[i]));
    }
    c->steps = total;
    c->state = KNOWN;
    return total;
}

/** What is called from where loops have no bound has none either. */
static void spread(const struct finding *f, uint8_t *hot)
{
    const struct wn_code *code = f->code;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < code->n_ops; i++) {
            const struct wn_op *op = &code->ops[i];
            bool any = op->check & WN_CHECK_REPEAT;
            if (!hot[i] || (op->id != WN_OP_CALL_LOCAL && !any))
                continue;
            uint32_t k = any ? 0 : func_at(code, op->target), end = any ? code->n_funcs : k + 1;
            for (; k < end; k++) {
                const struct wn_func *fn = &code->funcs[k];
                if (hot[fn->first] == 2 || (any && !fn->taken))
                    continue;
                memset(hot + fn->first, 1, fn->count);
                hot[fn->first] = 2; /* all of it */
                changed = true;
            }
        }
    }
}

static bool contains(const struct loop *l, uint32_t slot)
{
    return l->n_slots && bsearch(&slot, l->slots, l->n_slots, sizeof slot, by_number);
}

/** Whether nothing in a loop does anything to a register but count in one direction. */
static bool is_counter(const struct finding *f, const struct loop *l, unsigned reg)
{
    bool up = true, down = true;
    for (uint32_t i = 0; i < l->n_slots && (up || down); i++) {
        const struct wn_op *op = &f->code->ops[l->slots[i]];
        if (!(wn_op_defs(op) >> reg & 1))
            continue;
        bool adds = op->id == WN_OP_ADD64_K || op->id == WN_OP_ADD32_K;
        up &= adds && op->imm > 0;
        down &= adds && op->imm < 0;
    }
    return up || down;
}

static bool same_body(const struct loop *l, const struct loop *m)
{
    return l->n_slots == m->n_slots && !memcmp(l->slots, m->slots, l->n_slots * sizeof l->slots[0]);
}

/**
 * How often two loops come around together: no more often than each of them may if they have the
 * same body, or if there is a register that says how often each of them may, and nobody sets it
 * back; then what that register says counts. False if they may come around more often.
 */
static bool are_alike(const struct finding *f, const struct loop *l, const struct loop *m,
                      uint64_t *of_l, uint64_t *of_m)
{
    bool inner = contains(l, m->head), outer = contains(m, l->head);
    uint64_t least = wn_count_times(l->times, m->times); /* so many at most in any case */
    *of_l = l->times;
    *of_m = m->times;
    if (l == m || (inner && outer && same_body(l, m)))
        return true;
    bool alike = false;
    for (unsigned r = 0; r < WN_R10 && (inner || outer); r++) {
        bool counts = l->by[r] && m->by[r] && (!inner || is_counter(f, l, r)) &&
                      (!outer || is_counter(f, m, r));
        if (!counts || l->by[r] + m->by[r] >= least)
            continue;
        least = l->by[r] + m->by[r];
        *of_l = l->by[r];
        *of_m = m->by[r];
        alike = true;
    }
    return alike;
}

/**
 * Loops that come around together add up, others multiply, even if they contain each other's heads:
 * each time the one comes around, the other one may begin anew.
 *
 * here   of each slot: 0, and so it is left
 */
static void count_circle(const struct finding *f, size_t first, bool *done, uint64_t *often,
                         uint64_t *here)
{
    const struct loop *l = &f->loops.data[first];
    const struct loop *circle[MOST_ALIKE];
    uint64_t most = 0, of_l, of_m;
    size_t n = 0;
    for (size_t k = f->loops.len; k-- > first;) {
        const struct loop *m = &f->loops.data[k];
        if (k - first >= MOST_ALIKE || done[k] || !are_alike(f, l, m, &of_l, &of_m))
            continue;
        done[k] = true;
        circle[n++] = m;
        most = of_l > most ? of_l : most;
        for (uint32_t i = 0; i < m->n_slots; i++) /* itself comes last */
            here[m->slots[i]] = wn_count_plus(here[m->slots[i]], k == first ? most : of_m);
    }
    for (size_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < circle[k]->n_slots; i++) {
            uint32_t slot = circle[k]->slots[i];
            if (here[slot])
                often[slot] = wn_count_times(often[slot], here[slot]);
            here[slot] = 0;
        }
}

static bool has_way_out(const struct wn_code *code, const struct loop *l)
{
    for (uint32_t k = 0; k < l->n_slots; k++) {
        const struct wn_op *op = &code->ops[l->slots[k]];
        enum wn_kind kind = wn_op_kind(op);
        uint32_t to[2];
        if (kind == WN_KIND_EXIT || kind == WN_KIND_PACKET || op->check & WN_CHECK_TAIL)
            return true;
        for (unsigned i = ways_of(code, l->slots[k], to); i-- > 0;)
            if (!contains(l, to[i]))
                return true;
    }
    return false;
}

/** What a loop lacks of which the jumps back have no bound. */
static struct wn_loop_lack lack_of(const struct wn_code *code, const struct loop *l, bool hot)
{
    struct wn_loop_lack lack = {.what = WN_LACKS_ANYTHING};
    if (!l->whole)
        return lack;
    lack.times = l->times;
    lack.reg = l->counter;
    lack.by = l->step;
    if (!has_way_out(code, l))
        lack.what = WN_LACKS_WAY_OUT;
    else if (l->times)
        lack.what = hot ? WN_LACKS_OTHER : WN_LACKS_TIME;
    else
        lack.what = l->counter == NOTHING ? WN_LACKS_COUNTER : WN_LACKS_LIMIT;
    return lack;
}

/** The loop that begins at a slot; NULL if none does. */
static const struct loop *loop_at(const struct finding *f, uint32_t head)
{
    size_t low = 0, high = f->loops.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->loops.data[middle].head < head)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->loops.len && f->loops.data[low].head == head ? &f->loops.data[low] : NULL;
}

/** Tell what the jumps back lack that have no bound. */
static bool tell_lacks(const struct finding *f, const uint8_t *bounded, const uint8_t *hot,
                       wn_loops_lack_fn tell)
{
    const struct wn_code *code = f->code;
    for (uint32_t i = 0; i < code->n_ops; i++) {
        uint32_t head = code->ops[i].target;
        if (bounded[i] || !jumps(&code->ops[i]) || !wn_is_back_edge(i, head))
            continue;
        const struct loop *l = loop_at(f, head);
        struct wn_loop_lack lack = {.what = WN_LACKS_ANYTHING};
        if (l)
            lack = lack_of(code, l, hot[i]);
        if (!tell(f->arg, i, &lack))
            return false;
    }
    return true;
}

static bool decide(struct finding *f, uint8_t *bounded, wn_loops_lack_fn tell)
{
    const struct wn_code *code = f->code;
    WN_OWN(free) uint64_t *often = malloc(code->n_ops * sizeof *often);
    WN_OWN(free) uint8_t *hot = calloc(code->n_ops, 1);
    WN_OWN(free) struct cost *costs = calloc(code->n_funcs, sizeof *costs);
    WN_OWN(free) uint64_t *here = calloc(code->n_ops, sizeof *here);
    WN_OWN(free) bool *done = calloc(f->loops.len + 1, sizeof *done);
    if (!often || !hot || !costs || !here || !done)
        return false;
    for (uint32_t i = 0; i < code->n_ops; i++)
        often[i] = 1;
    for (size_t k = 0; k < f->loops.len; k++) {
        const struct loop *l = &f->loops.data[k];
        const struct wn_func *fn = wn_frames_func(code, l->head);
        if (!l->whole)
            memset(hot + fn->first, 1, fn->count);
        for (uint32_t i = 0; i < l->n_slots && !l->times; i++)
            hot[l->slots[i]] = 1;
    }
    for (size_t k = 0; k < f->loops.len; k++)
        if (!done[k])
            count_circle(f, k, done, often, here);
    spread(f, hot);
    bool small = cost_of(f, costs, often, 0, 0) < f->most;
    for (uint32_t i = 0; i < code->n_ops; i++)
        bounded[i] =
            small && !hot[i] && jumps(&code->ops[i]) && wn_is_back_edge(i, code->ops[i].target);
    return !tell || tell_lacks(f, bounded, hot, tell);
}

static void fini(struct finding *f)
{
    for (size_t k = 0; k < f->loops.len; k++)
        free(f->loops.data[k].slots);
    free(f->loops.data);
    free(f->first);
    free(f->from);
    free(f->place);
    free(f->circle);
}

bool wn_loops_bound(const struct wn_code *code, uint64_t most, wn_loops_range_fn range, void *arg,
                    uint8_t *bounded, wn_loops_lack_fn tell)
{
    struct finding f = {.code = code, .range = range, .arg = arg, .most = most};
    f.steps = FIRST_STEPS + (uint64_t)STEPS_A_SLOT * code->n_ops;
    bool enough = find_ways(&f);
    for (uint32_t i = 0; enough && i < code->n_ops; i++) {
        bool head = false;
        for (uint32_t k = f.first[i]; k < f.first[i + 1]; k++)
            head |= wn_is_back_edge(f.from[k], i) && f.circle[f.from[k]] == f.circle[i];
        if (!head)
            continue;
        struct loop l = {.head = i, .counter = NOTHING};
        l.whole = find_body(&f, &l);
        if (l.whole)
            count(&f, &l);
        enough = wn_vec_push(&f.loops, l);
        if (!enough)
            free(l.slots);
        enough &= !f.out;
    }
    enough = enough && decide(&f, bounded, tell);
    fini(&f);
    return enough;
}
