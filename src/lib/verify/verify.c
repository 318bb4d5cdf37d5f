/* SPDX-License-Identifier: MIT */
#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "context/context.h"
#include "verify/loops.h"
#include "verify/walk.h"

#define DEFAULT_NS    UINT64_C(5000000000)
#define DEFAULT_BYTES (UINT64_C(256) << 20)
#define UNBOUNDED     (1u << 20) /* steps of all loops together, from which on they spend fuel */

static const char too_many[] = "the program has too many ways for anything of it to be proved; "
                               "calls of functions from many places, in "
                               "loops and within each other, are what makes them many";

/** What one way of walking has found. */
struct found {
    struct wn_finding *at; /* each slot */
    struct wn_why *whys;
    uint32_t n_open;  /* accesses, calls and loops that are not proved */
    uint32_t n_loops; /* of these, loops */
    bool usable;      /* the walk came to its end */
    bool in_place;
    bool reads_unwritten;
};

static bool is_jump_back(const struct wn_code *code, uint32_t slot)
{
    enum wn_kind kind = wn_op_kind(&code->ops[slot]);
    return (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH) &&
           wn_is_back_edge(slot, code->ops[slot].target);
}

static bool is_access(enum wn_kind kind)
{
    return kind == WN_KIND_LOAD || kind == WN_KIND_STORE || kind == WN_KIND_ATOMIC;
}

static bool needs_check(const struct wn_code *code, uint32_t slot)
{
    const struct wn_op *op = &code->ops[slot];
    return op->id == WN_OP_CALL && code->calls[op->target].checked;
}

/* ---- loops ----------------------------------------------------------------------------------- */

static void note_circle(void *arg, uint32_t via)
{
    struct wn_walk *w = arg;
    if (via != WN_NOWHERE)
        w->q.found[via].outcome |= WN_UNPROVED;
}

/** What a register is at a place, in all the states that were kept there. Of one that does not
 * matter there, states do not say what it is in every run. */
static bool range_at(void *arg, uint32_t slot, unsigned reg, int64_t *min, int64_t *max)
{
    const struct wn_walk *w = arg;
    const struct wn_live *live = &w->q.live;
    const struct wn_node *n = wn_walk_first(w, slot);
    if (!((live->deep[slot] | live->shallow[slot]) >> reg & 1))
        return false;
    *min = INT64_MAX;
    *max = INT64_MIN;
    for (; n; n = wn_walk_next(w, n)) {
        const struct wn_reg *r = &n->s.r[reg];
        if (r->type != WN_T_NUMBER)
            return false;
        *min = r->v.smin < *min ? r->v.smin : *min;
        *max = r->v.smax > *max ? r->v.smax : *max;
    }
    return *min <= *max;
}

/** Find the jumps back that may be taken without end. When all ways were followed, those that lie
 * on a circle; when ways were joined, those of loops in which nothing counts. */
static bool find_loops(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    const struct wn_code *code = q->code;
    WN_OWN(free) uint8_t *bounded = calloc(code->n_ops, 1);
    bool any = code->n_funcs > 1; /* which may call each other */
    if (!bounded)
        return false;
    for (uint32_t i = 0; i < code->n_ops && !any; i++)
        any = is_jump_back(code, i);
    if (w->phase == WN_EXPLORING) {
        if (!wn_graph_circles((uint32_t)w->nodes.len, w->edges.data, w->edges.len, note_circle, w))
            return false;
        memset(bounded, q->steps < UNBOUNDED, code->n_ops);
    } else if (any && !wn_loops_bound(code, UNBOUNDED, range_at, w, bounded)) {
        return false;
    }
    for (uint32_t i = 0; i < code->n_ops; i++) {
        if (!is_jump_back(code, i))
            continue;
        if (!bounded[i])
            q->found[i].outcome |= WN_UNPROVED;
        if (!(q->found[i].outcome & WN_UNPROVED)) {
            q->found[i].outcome |= WN_PROVED;
            continue;
        }
        struct wn_why why = {.slot = i, .reason = WN_WHY_LOOP, .other = code->ops[i].target};
        if (!wn_vec_push(&q->whys, why))
            return false;
        q->found[i].why = (uint32_t)q->whys.len;
    }
    return true;
}

/* ---- walks ----------------------------------------------------------------------------------- */

static bool is_open(const struct wn_code *code, const struct wn_finding *f, uint32_t slot)
{
    bool counts = is_access(wn_op_kind(&code->ops[slot])) || is_jump_back(code, slot) ||
                  needs_check(code, slot);
    return f->outcome & WN_WRONG || (counts && f->outcome & WN_UNPROVED);
}

/** Whether an instruction loads an address from the context, but not always the same one. */
static bool loads_several(const struct wn_finding *f)
{
    return f->loads & (f->loads - 1) && f->loads & ~(1u << WN_CONTEXT_NUMBER);
}

/** Take what the walk has found out of it. */
static bool take_found(struct wn_walk *w, struct found *out)
{
    struct wn_search *q = &w->q;
    const struct wn_code *code = q->code;
    bool varies = false;
    if (!find_loops(w))
        return false;
    *out = (struct found){.at = q->found, .whys = q->whys.data, .usable = true};
    for (uint32_t i = 0; i < code->n_ops; i++) {
        bool open = is_open(code, &q->found[i], i);
        out->n_open += open;
        out->n_loops += open && is_jump_back(code, i);
        varies |= loads_several(&q->found[i]);
    }
    out->in_place = q->env->type != WN_PROG_FILTER && !q->writes_packet && !q->detours && !varies;
    out->reads_unwritten = q->reads_unwritten;
    q->found = NULL;
    q->whys.data = NULL;
    q->whys.len = q->whys.cap = 0;
    return true;
}

/** Walk in the manner of a phase; `out` is usable if that came to an end. False without memory. */
static bool walk(struct wn_walk *w, enum wn_phase phase, struct found *out)
{
    struct wn_search *q = &w->q;
    q->found = q->found ? q->found : calloc(q->code->n_ops, sizeof *q->found);
    q->fatal = q->hopeless = false;
    if (!q->found)
        return false;
    bool done = wn_walk(w, phase);
    if (!done || q->fatal || q->hopeless || q->heap.out || w->late)
        return !q->heap.out;
    return take_found(w, out);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

static uint8_t mark_of_load(const struct wn_finding *f)
{
    switch (f->loads) {
    case 1u << WN_CONTEXT_DATA: return WN_MARK_DATA;
    case 1u << WN_CONTEXT_META: return WN_MARK_META;
    case 1u << WN_CONTEXT_END: return WN_MARK_END;
    default: return WN_MARK_PROVED;
    }
}

static uint8_t mark_of(const struct wn_code *code, const struct found *found, uint32_t slot,
                       const struct wn_verified *out)
{
    const struct wn_op *op = &code->ops[slot];
    const struct wn_finding *f = &found->at[slot];
    bool proved = !(f->outcome & (WN_UNPROVED | WN_WRONG)); /* so is what no run comes to */
    if (is_access(wn_op_kind(op))) {
        if (proved)
            return mark_of_load(f);
        bool packet = f->types == 1u << WN_T_PACKET && !(f->outcome & WN_PINNED);
        return packet ? WN_MARK_PACKET : WN_MARK_NONE;
    }
    if (op->id == WN_OP_CALL_LOCAL)
        return proved && !out->fuelled ? WN_MARK_PROVED : WN_MARK_NONE;
    if (is_jump_back(code, slot) || op->id == WN_OP_CALL)
        return proved ? WN_MARK_PROVED : WN_MARK_NONE;
    return WN_MARK_NONE;
}

/** Say of each slot that is not proved why; refuse what is wrong on every way. */
static int give_reasons(const struct wn_walk *w, const struct found *found, struct wn_verified *out,
                        struct wn_error *err)
{
    const struct wn_verify_env *env = w->q.env;
    struct {
        struct wn_error *data;
        size_t len, cap;
    } list = {0};
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < w->q.code->n_ops; i++) {
        const struct wn_finding *f = &found->at[i];
        if (!f->why || !is_open(w->q.code, f, i))
            continue;
        const struct wn_why *why = &found->whys[f->why - 1];
        struct wn_error said = {0};
        if (env->strict || !(f->outcome & (WN_PROVED | WN_UNPROVED))) {
            wn_why_print(w->q.code, env, why, err);
            r = WN_E_REJECTED;
        } else if (env->explain) {
            wn_why_print(w->q.code, env, why, &said);
            said.code = 0;
            if (!wn_vec_push(&list, said))
                r = wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
        }
    }
    out->unproved = list.data;
    out->n_unproved = (uint32_t)list.len;
    if (r) {
        free(list.data);
        out->unproved = NULL;
    }
    return r;
}

static int conclude(struct wn_walk *w, const struct found *found, struct wn_code *code,
                    struct wn_verified *out, struct wn_error *err)
{
    int r = give_reasons(w, found, out, err);
    for (uint32_t i = 0; r == 0 && i < code->n_ops; i++) {
        bool jumps = is_jump_back(code, i);
        out->loops += jumps;
        out->fuelled += jumps && found->at[i].outcome & WN_UNPROVED;
    }
    for (uint32_t i = 0; r == 0 && i < code->n_ops; i++) {
        code->mark[i] = mark_of(code, found, i, out);
        out->calls += needs_check(code, i);
        out->checked += needs_check(code, i) && code->mark[i] != WN_MARK_PROVED;
    }
    out->in_place = found->in_place;
    out->reads_unwritten = found->reads_unwritten;
    return r;
}

/** Whether a guard of the packet was taken to have passed. */
static bool assumes(const struct wn_code *code, const struct found *found)
{
    for (uint32_t i = 0; i < code->n_ops; i++)
        if (found->at[i].outcome & WN_ASSUMED)
            return true;
    return false;
}

/** Nothing is proved but what the instruction alone shows; everything is checked at run time. */
static int give_up(const struct wn_walk *w, struct wn_verified *out, struct wn_error *err)
{
    const struct wn_code *code = w->q.code;
    struct {
        struct wn_error *data;
        size_t len, cap;
    } list = {0};
    if (w->q.env->strict)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%s", too_many);
    for (uint32_t i = 0; i < code->n_ops; i++) {
        bool access = is_access(wn_op_kind(&code->ops[i])) && code->mark[i] == WN_MARK_NONE;
        bool loop = is_jump_back(code, i), call = needs_check(code, i);
        struct wn_error said = {.at = i};
        out->loops += loop;
        out->calls += call;
        if (!w->q.env->explain || !(access || loop || call))
            continue;
        wn_fail(&said, WN_E_REJECTED, i, "%s", too_many);
        said.code = 0;
        if (!wn_vec_push(&list, said)) {
            free(list.data);
            return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
        }
    }
    out->unproved = list.data;
    out->n_unproved = (uint32_t)list.len;
    out->fuelled = out->loops;
    out->checked = out->calls;
    out->reads_unwritten = true;
    return 0;
}

static int refuse_limits(const struct wn_walk *w, struct wn_error *err)
{
    const struct wn_search *q = &w->q;
    if (w->late)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "verifying takes longer than it may (%u ms)",
                       (unsigned)((q->env->most_ns ? q->env->most_ns : DEFAULT_NS) / 1000000));
    if (q->heap.over)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE,
                       "verifying takes more memory than it may (%u KiB)",
                       (unsigned)(q->heap.limit >> 10));
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

/**
 * Joining is quick, and proves most programs. What it leaves open, following all ways
 * may prove; it is given up when there are too many of them.
 */
static int verify(struct wn_walk *w, struct wn_code *code, struct wn_verified *out,
                  struct wn_error *err)
{
    struct wn_search *q = &w->q;
    struct found joined = {0}, explored = {0};
    bool enough = walk(w, WN_JOINING, &joined);
    w->brief = joined.usable && joined.n_loops == joined.n_open;
    if (enough && !w->late && (!joined.usable || joined.n_open))
        enough = walk(w, WN_EXPLORING, &explored);
    if (joined.usable) /* which is worth having when time has run out meanwhile */
        w->late = false;
    const struct found *best =
        explored.usable && (!joined.usable || explored.n_open <= joined.n_open) ? &explored
                                                                                : &joined;
    int r = WN_E_REJECTED;
    if (q->fatal)
        wn_why_print(code, q->env, &q->refusal, err);
    else if (!enough || w->late)
        r = refuse_limits(w, err);
    else
        r = best->usable ? conclude(w, best, code, out, err) : give_up(w, out, err);
    /* What was found when ways were joined holds in every run, if what was assumed there of guards
     * does. */
    if (r == 0 && joined.usable && (best == &joined || !assumes(code, &joined))) {
        free(code->facts);
        code->facts = w->facts;
        w->facts = NULL;
    }
    free(joined.at);
    free(joined.whys);
    free(explored.at);
    free(explored.whys);
    return r;
}

int wn_verify(struct wn_code *code, const struct wn_verify_env *env, struct wn_verified *out,
              struct wn_error *err)
{
    uint64_t begun = wn_walk_clock();
    struct wn_walk w = {.q = {.code = code, .env = env}};
    struct wn_search *q = &w.q;
    q->heap.limit = env->most_bytes ? env->most_bytes : DEFAULT_BYTES;
    w.deadline = begun + (env->most_ns ? env->most_ns : DEFAULT_NS);
    *out = (struct wn_verified){0};
    w.heads = malloc(code->n_ops * sizeof *w.heads);
    w.loops = malloc(code->n_ops);
    w.facts = malloc(code->n_ops * sizeof *w.facts);
    int r = -ENOMEM;
    if (w.heads && w.loops && w.facts)
        r = verify(&w, code, out, err);
    else
        wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    out->steps = w.all_steps + q->steps;
    out->states = w.all_nodes + w.nodes.len;
    out->bytes = q->heap.most;
    wn_walk_fini(&w);
    out->ns = wn_walk_clock() - begun;
    return r;
}
