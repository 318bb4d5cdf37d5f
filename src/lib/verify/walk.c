/* SPDX-License-Identifier: MIT */
#include "verify/walk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "verify/frames.h"
#include "verify/meet.h"

/* How many steps ways are joined for, before all is checked at run time, and how many they are
 * followed for one by one, before that is given up: some for the smallest programs, many for each
 * slot of small ones, and a small number for each of all others. */
#define JOIN_STEPS(n)    (3000u + 32u * smaller_of(n, 1000) + 16u * (uint64_t)(n))
#define EXPLORE_STEPS(n) (8000u + 72u * smaller_of(n, 1000) + 8u * (uint64_t)(n))
#define EXPLORE_NODES(n) (4000u + 3u * (uint64_t)(n))
/* Where only loops are left open, most of them have no bound that could be found. */
#define BRIEFLY 3u
/* What helpers call is followed so much longer where it matters how often. */
#define PATIENTLY 3u
/* What was assumed of guards is taken back so many times; then nothing is assumed. */
#define MOST_RESTARTS 8u

static uint64_t smaller_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/** What is still to be done when a way is gone on with: go one way at the branch where it is, or
 * note the end of a function (WN_STEP_LEFT and the slot). */
enum { LATER_NOTHING, LATER_ON, LATER_TAKEN };

uint64_t wn_walk_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool is_over(const struct wn_walk *w)
{
    const struct wn_search *q = &w->q;
    return q->heap.out || q->fatal || q->restart || q->hopeless || w->late || w->lost;
}

/* ---- instructions that lead elsewhere -------------------------------------------------------- */

/** Put off the way that a copy of the state goes; false without memory. */
static bool put_off(struct wn_walk *w, const struct wn_state *s, uint32_t later)
{
    if (w->ways.len == w->ways.cap &&
        !wn_vec_grow((void **)&w->ways.data, &w->ways.cap, w->ways.len, sizeof *w->ways.data)) {
        w->q.heap.out = true;
        return false;
    }
    struct wn_way *way = &w->ways.data[w->ways.len++];
    wn_state_copy(&way->s, s);
    way->from = w->from;
    way->via = WN_NOWHERE;
    way->trail = w->trail.len;
    way->later = later;
    return true;
}

static uint32_t via_of(uint32_t slot, uint32_t target)
{
    return wn_is_back_edge(slot, target) ? slot : WN_NOWHERE;
}

/** Of the two ways, the one on which less is learned comes first: most others are like it. */
static bool taken_first(enum wn_op_id id)
{
    return id == WN_OP_JNE64_K || id == WN_OP_JNE64_X || id == WN_OP_JNE32_K || id == WN_OP_JNE32_X;
}

/* ---- what holds in every run ----------------------------------------------------------------- */

static void note_fact(struct wn_walk *w, uint32_t slot, uint8_t flags)
{
    if (w->phase == WN_JOINING)
        w->facts[slot].flags |= flags;
}

/** Note what an instruction has left in its register. */
static void note_result(struct wn_walk *w, uint32_t slot, const struct wn_op *op)
{
    const struct wn_reg *r = &w->q.s.r[op->dst];
    struct wn_fact *f = &w->facts[slot];
    if (w->phase != WN_JOINING || f->flags & WN_FACT_VARIES)
        return;
    /* Of what nobody reads, nothing was kept where ways met. */
    bool read = (w->q.live.deep[slot + 1] | w->q.live.shallow[slot + 1]) >> op->dst & 1;
    bool known = read && r->type == WN_T_NUMBER && wn_value_is_const(&r->v);
    uint64_t value = r->v.bits.value;
    if (!known || (f->flags & WN_FACT_RESULT && f->value != value)) {
        f->flags = (uint8_t)((f->flags & ~WN_FACT_RESULT) | WN_FACT_VARIES);
        return;
    }
    f->flags |= WN_FACT_RESULT;
    f->value = value;
}

/** Note whether a move of 32 bits, or a shift that could be one's half, loses anything. */
static void note_loss(struct wn_walk *w, uint32_t slot, const struct wn_op *op)
{
    struct wn_reg a = wn_state_reg(&w->q.s, op->a);
    bool narrow = op->id == WN_OP_MOV32_X || (op->id == WN_OP_LSH64_K && op->imm == 32);
    if (narrow && (!wn_is_number(&a) || a.v.umax > UINT32_MAX))
        note_fact(w, slot, WN_FACT_CHANGES);
}

/** Go one way at a branch; false if that cannot be. */
static bool go(struct wn_walk *w, uint32_t slot, bool taken)
{
    struct wn_search *q = &w->q;
    const struct wn_op *op = &q->code->ops[slot];
    if (!wn_learn(q, op, taken))
        return false;
    note_fact(w, slot, taken ? WN_FACT_TAKEN : WN_FACT_PASSED);
    w->via = taken ? via_of(slot, op->target) : WN_NOWHERE;
    q->s.at = taken ? op->target : slot + 1;
    return true;
}

static bool branch(struct wn_walk *w, const struct wn_op *op)
{
    struct wn_search *q = &w->q;
    struct wn_reg a, b;
    if (!wn_read(q, op->a, &a) ||
        (wn_rows[op->id].form == WN_FORM_BRANCH_REG && !wn_read(q, op->b, &b)))
        return false;
    uint32_t slot = q->s.at;
    bool first = taken_first((enum wn_op_id)op->id);
    switch (wn_foresee(q, op)) {
    case WN_ALWAYS: return go(w, slot, true);
    case WN_NEVER: return go(w, slot, false);
    case WN_PERHAPS: break;
    }
    return put_off(w, &q->s, first ? LATER_ON : LATER_TAKEN) && go(w, slot, first);
}

/** Nobody is left behind this that could give back what is held, or of what was held before `held`
 * somebody expects it. When ways are joined it may be that none of them is like that. */
static void mind_held(struct wn_search *q, enum wn_reason reason, unsigned held)
{
    struct wn_why why = wn_why_of(q, reason, 0, NULL);
    if (q->s.lock)
        wn_mind_lock(q);
    if (q->s.n_held == held && (!q->s.loose || reason == WN_WHY_KEPT_AGAIN))
        return;
    why.other = q->s.n_held > held ? q->s.held[held].slot : WN_NOWHERE;
    if (q->exploring && !q->s.loose)
        wn_refuse(q, &why);
    else
        wn_note(q, WN_UNPROVED, &why);
}

static bool leave(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    const struct wn_frame *f = q->s.frames[q->s.depth - 1];
    if (q->s.depth > 1 && f->repeats) {
        wn_step_again(q);
        mind_held(q, WN_WHY_KEPT_AGAIN, f->held);
    }
    if (q->s.depth > 1)
        return wn_state_pop(&q->s, &q->heap);
    mind_held(q, WN_WHY_KEPT, 0);
    wn_expose(q, &q->s.r[WN_R0]);
    struct wn_why why = wn_why_of(q, WN_WHY_RESULT, WN_R0, NULL);
    bool none = q->s.r[WN_R0].type == WN_T_NONE;
    q->unset |= none;
    wn_note(q, none ? WN_WRONG : WN_PROVED, none ? &why : NULL);
    return false;
}

/** The function may also end here, with a number: put that off, if there is a caller. */
static void may_leave(struct wn_walk *w, bool packet_moved, const struct wn_reg *result)
{
    struct wn_search *q = &w->q;
    if (q->s.depth == 1)
        return;
    bool again = q->s.frames[q->s.depth - 1]->repeats;
    if (!put_off(w, &q->s, WN_STEP_LEFT | (again ? WN_STEP_AGAIN : 0) | q->s.at))
        return;
    struct wn_state here = q->s;
    q->s = w->ways.data[w->ways.len - 1].s;
    if (packet_moved)
        wn_forget_packet(q);
    q->s.r[WN_R0] = *result;
    wn_state_pop(&q->s, &q->heap);
    w->ways.data[w->ways.len - 1].s = q->s;
    q->s = here;
}

/** Whether one of the functions that have not returned is the one that begins at a slot. */
static bool is_within(const struct wn_search *q, uint32_t target)
{
    const struct wn_func *func = wn_frames_func(q->code, target);
    bool found = wn_frames_func(q->code, q->s.at) == func;
    for (uint32_t i = 1; i < q->s.depth; i++)
        found |= wn_frames_func(q->code, wn_frame_called_at(q->s.frames[i])) == func;
    return found;
}

/** Whether there is room for another frame; it is wrong if there is none. */
static bool may_enter(struct wn_search *q, uint32_t target)
{
    if (q->s.depth < q->code->call_depth)
        return true;
    bool again = is_within(q, target);
    struct wn_why why = wn_why_of(q, again ? WN_WHY_RECURSION : WN_WHY_DEPTH, 0, NULL);
    why.other = again ? target : q->code->call_depth;
    wn_note(q, WN_WRONG, &why);
    return false;
}

static bool call_function(struct wn_walk *w, uint32_t target)
{
    struct wn_search *q = &w->q;
    if (!may_enter(q, target))
        return false;
    wn_note(q, WN_PROVED, NULL);
    if (!wn_state_push(&q->s, q->s.at + 1, &q->heap))
        return false;
    q->s.at = target;
    return true;
}

/** What is called is no function, or nobody knows which. */
static bool no_function(struct wn_walk *w, unsigned number, const struct wn_reg *r)
{
    struct wn_search *q = &w->q;
    struct wn_why why = wn_why_of(q, WN_WHY_CALLEE, number, r);
    q->hopeless = wn_is_number(r);
    if (q->hopeless)
        q->refusal = why;
    else
        wn_note(q, WN_WRONG, &why);
    return false;
}

/**
 * A helper that has a function called, as often as it may be, returns (which is put off), or calls
 * it: when that returns, the helper is called as it was the first time. So what is known there is
 * known of every number of calls.
 */
static bool call_repeating(struct wn_walk *w, const struct wn_op *op)
{
    struct wn_search *q = &w->q;
    struct wn_state before;
    struct wn_reg function;
    uint32_t slot = q->s.at;
    if (!wn_read(q, WN_REPEAT_FUNCTION, &function))
        return false;
    if (function.type != WN_T_FUNC)
        return no_function(w, WN_REPEAT_FUNCTION, &function);
    wn_state_copy(&before, &q->s);
    wn_step_helper(q, op);
    q->s.at++;
    q->s.rounds[q->s.depth - 1] = 0;
    bool enough = put_off(w, &q->s, WN_STEP_OVER | slot);
    wn_state_fini(&q->s, &q->heap);
    q->s = before;
    if (!enough || is_over(w) || !wn_may_repeat(q) || !may_enter(q, function.which) ||
        !wn_state_push_repeated(&q->s, &q->heap))
        return false;
    wn_set_repeated(q);
    if (w->phase == WN_EXPLORING)
        wn_way_walked(w, WN_STEP_AGAIN | slot);
    q->s.at = function.which;
    return true;
}

static bool call(struct wn_walk *w, const struct wn_op *op)
{
    struct wn_search *q = &w->q;
    if (op->id == WN_OP_CALL_LOCAL)
        return call_function(w, op->target);
    if (wn_rows[op->id].form == WN_FORM_CALL_REG) {
        struct wn_reg r;
        if (!wn_read(q, op->a, &r))
            return false;
        if (r.type == WN_T_FUNC)
            return call_function(w, r.which);
        return no_function(w, op->a, &r);
    }
    if (op->check & WN_CHECK_REPEAT)
        return call_repeating(w, op);
    struct wn_reg number = wn_reg_number(wn_value_unknown());
    wn_step_helper(q, op);
    if (op->check & WN_CHECK_TAIL)
        mind_held(q, WN_WHY_KEPT, 0);
    if (!is_over(w) && op->check & WN_CHECK_TAIL)
        may_leave(w, true, &number);
    q->s.at++;
    return true;
}

static bool load_packet(struct wn_walk *w, const struct wn_op *op)
{
    struct wn_search *q = &w->q;
    struct wn_reg index, zero = wn_reg_const(0);
    if (wn_rows[op->id].form == WN_FORM_IND) {
        if (!wn_read(q, op->a, &index))
            return false;
        wn_expose(q, &index);
    }
    mind_held(q, WN_WHY_KEPT, 0);
    may_leave(w, false, &zero);
    wn_state_clear_arguments(&q->s, q->s.at);
    q->s.r[WN_R0] = wn_reg_number(wn_value_of_bits(8u * op->size));
    q->s.at++;
    return true;
}

/** Go over one instruction; whether the way goes on. */
static bool step(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    const struct wn_op *op = &q->code->ops[q->s.at];
    note_fact(w, q->s.at, WN_FACT_REACHED);
    switch (wn_op_kind(op)) {
    case WN_KIND_ALU:
        q->was_wrong = false;
        note_loss(w, q->s.at, op);
        wn_step_alu(q, op);
        note_result(w, q->s.at, op);
        if (!q->was_wrong)
            q->found[q->s.at].outcome |= WN_PROVED;
        break;
    case WN_KIND_WIDE: wn_step_wide(q, op); break;
    case WN_KIND_LOAD:
        wn_step_access(q, op);
        note_result(w, q->s.at, op);
        break;
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC: wn_step_access(q, op); break;
    case WN_KIND_JUMP:
        w->via = via_of(q->s.at, op->target);
        q->s.at = op->target;
        return true;
    case WN_KIND_BRANCH: return branch(w, op);
    case WN_KIND_CALL: return call(w, op);
    case WN_KIND_EXIT: return leave(w);
    case WN_KIND_PACKET: return load_packet(w, op);
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
    q->s.at++;
    return true;
}

static void begin_step(struct wn_search *q)
{
    q->flags = 0;
    q->precise = 0;
    q->all_precise = false;
    q->needs = 0;
}

/** Note what the step at `at` of the trail depended on. */
static void end_step(struct wn_walk *w, size_t at, uint32_t depth)
{
    struct wn_search *q = &w->q;
    if (w->phase != WN_EXPLORING || q->heap.out)
        return;
    w->trail.data[at] |= q->flags;
    wn_way_needs(w, q->needs);
    if (!q->precise && !q->all_precise)
        return;
    struct wn_marks m = {.regs = {0}};
    if (q->all_precise)
        m = wn_marks_all();
    m.regs[depth - 1] |= q->precise;
    wn_way_depends(w, &m, w->trail.len - at, depth);
}

/** Go over one instruction. */
static bool advance(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    uint32_t depth = q->s.depth;
    size_t at = w->trail.len;
    begin_step(q);
    if (w->phase == WN_EXPLORING)
        wn_way_walked(w, q->s.at);
    bool goes_on = step(w);
    end_step(w, at, depth);
    return goes_on;
}

/** Follow the state in w->q.s to where it ends, or is like another; `fresh`: it has just been taken
 * from a node. */
static void follow(struct wn_walk *w, bool fresh)
{
    struct wn_search *q = &w->q;
    for (;; fresh = false) {
        if (w->heads[q->s.at] && !fresh && !wn_walk_arrive(w))
            break;
        if (is_over(w))
            break;
        if (q->env->log && wn_op_kind(&q->code->ops[q->s.at]) != WN_KIND_HOLE)
            wn_tell(q, "");
        q->steps++;
        if (q->steps > w->most_steps)
            w->lost = true;
        if (q->steps % 4096 == 0 && wn_walk_clock() > w->deadline)
            w->late = true;
        bool goes_on = advance(w);
        if (!goes_on || is_over(w))
            break;
    }
    wn_state_fini(&q->s, &q->heap);
}

/* ---- the search ------------------------------------------------------------------------------ */

/** What r1 to r3 are at first. */
static void set_arguments(struct wn_search *q)
{
    struct wn_state *s = &q->s;
    if (q->env->type != WN_PROG_FILTER) {
        s->r[WN_R1] = wn_reg_address(WN_T_CONTEXT, 0);
        return;
    }
    struct wn_reg length = wn_reg_number(wn_value_of_bits(32));
    s->r[WN_R1] = wn_reg_address(WN_T_PACKET, 0);
    s->r[WN_R3] = length;
    length.id = WN_ID_LENGTH;
    s->r[WN_R2] = length;
}

static void drop_all(struct wn_walk *w)
{
    struct wn_heap *heap = &w->q.heap;
    for (size_t i = 0; i < w->nodes.len; i++) {
        wn_state_fini(&w->nodes.data[i]->s, heap);
        wn_heap_free(heap, w->nodes.data[i], sizeof *w->nodes.data[i]);
    }
    for (size_t i = 0; i < w->ways.len; i++)
        wn_state_fini(&w->ways.data[i].s, heap);
    w->nodes.len = w->ways.len = w->edges.len = w->trail.len = w->waiting.len = 0;
}

/** Begin anew, knowing nothing but which guards nothing is to be assumed of. */
static bool begin(struct wn_walk *w, enum wn_phase phase)
{
    struct wn_search *q = &w->q;
    uint32_t n = q->code->n_ops;
    w->all_steps += q->steps;
    w->all_nodes += w->nodes.len;
    drop_all(w);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t pinned = q->found[i].outcome & WN_PINNED;
        q->found[i] =
            (struct wn_finding){.outcome = w->restarts > MOST_RESTARTS ? WN_PINNED : pinned};
    }
    q->whys.len = 0;
    q->steps = 0;
    q->restart = q->detours = q->writes_packet = q->reads_unwritten = false;
    q->reads_nothing = q->unset = false;
    if (q->reach)
        memset(q->reach, 0, q->code->n_funcs * sizeof *q->reach);
    w->phase = phase;
    q->exploring = phase == WN_EXPLORING;
    w->lost = false;
    wn_limits_init(&w->limits, q->code);
    w->everything = wn_marks_all();
    if (phase == WN_JOINING)
        memset(w->facts, 0, n * sizeof *w->facts);
    w->most_steps = phase == WN_JOINING ? JOIN_STEPS(n) : EXPLORE_STEPS(n);
    if (phase == WN_EXPLORING && w->brief)
        w->most_steps /= BRIEFLY;
    if (w->patient)
        w->most_steps *= PATIENTLY;
    w->most_nodes = phase == WN_JOINING || w->patient ? UINT64_MAX : EXPLORE_NODES(n);
    w->from = 0;
    w->via = WN_NOWHERE;
    wn_walk_find_heads(w);
    if (!wn_state_init(&q->s, &q->heap))
        return false;
    set_arguments(q);
    return true;
}

/** Go on with the way that was put off last; false if it leads nowhere. */
static bool take(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    const struct wn_way *way = &w->ways.data[--w->ways.len];
    uint32_t later = way->later;
    q->s = way->s;
    w->from = way->from;
    w->via = way->via;
    wn_way_go_back(w, way->trail);
    if (later & (WN_STEP_LEFT | WN_STEP_OVER))
        wn_way_walked(w, later);
    if (later != LATER_ON && later != LATER_TAKEN)
        return true;
    /* The branch is the last step of the trail. */
    begin_step(q);
    bool possible = go(w, q->s.at, later == LATER_TAKEN);
    end_step(w, w->trail.len ? w->trail.len - 1 : 0, q->s.depth);
    if (!possible)
        wn_state_fini(&q->s, &q->heap);
    return possible;
}

/** Follow all ways; false if there are too many. */
static bool explore_all(struct wn_walk *w)
{
    follow(w, false);
    while (w->ways.len > 0 && !is_over(w)) {
        if (w->nodes.len > w->most_nodes)
            w->lost = true;
        if (take(w))
            follow(w, false);
    }
    return !w->lost;
}

/** Follow joined ways until nothing changes; false if that takes too long. */
static bool join_all(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    follow(w, false);
    while (!is_over(w)) {
        if (w->ways.len > 0) {
            if (take(w))
                follow(w, false);
            continue;
        }
        if (w->waiting.len == 0)
            return true;
        struct wn_node *n = wn_walk_next_waiting(w);
        wn_state_copy(&q->s, &n->s);
        w->from = n->number;
        w->via = WN_NOWHERE;
        follow(w, true);
    }
    return !w->lost;
}

bool wn_walk(struct wn_walk *w, enum wn_phase phase)
{
    struct wn_search *q = &w->q;
    for (;;) {
        if (q->live.deep && q->reads_spills &&
            !q->live.spills) /* the last walk may have been given up */
            wn_live_fini(&q->live, q->code, &q->heap);
        if (!q->live.deep && !wn_live_init(&q->live, q->code, q->reads_spills, &q->heap))
            return true;
        if (!begin(w, phase))
            return true;
        bool done = phase == WN_EXPLORING ? explore_all(w) : join_all(w);
        if (phase == WN_EXPLORING && q->heap.over) {
            q->heap.out = q->heap.over = false;
            return false;
        }
        if (q->heap.out || q->fatal || q->hopeless || w->late || !done)
            return done;
        if (!q->restart && q->reads_spills == q->live.spills)
            return true;
        w->restarts += q->restart;
    }
}

void wn_walk_fini(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    drop_all(w);
    wn_live_fini(&q->live, q->code, &q->heap);
    free(w->nodes.data);
    free(w->ways.data);
    free(w->edges.data);
    free(w->trail.data);
    free(w->waiting.data);
    free(q->whys.data);
    free(q->found);
    free(q->reach);
    free(w->heads);
    free(w->loops);
    free(w->facts);
    free(w->lacks.data);
}
