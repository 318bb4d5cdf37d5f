/* SPDX-License-Identifier: MIT */
#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "context/context.h"
#include "verify/frames.h"
#include "verify/loops.h"
#include "verify/walk.h"

#define DEFAULT_NS    UINT64_C(5000000000)
#define DEFAULT_BYTES (UINT64_C(256) << 20)
#define UNBOUNDED     (1u << 20) /* steps of all loops together, from which on they spend fuel */

static const char too_many[] = "the program has too many ways for anything of it to be proved; "
                               "calls of functions from many places, in "
                               "loops and within each other, are what makes them many";

static const char no_function[] = "nothing of the program is proved, as it may call what is no "
                                  "function at slot %u; mend that first";

/** What one way of walking has found. */
struct found {
    struct wn_finding *at; /* each slot */
    struct wn_why *whys;
    uint32_t n_open;  /* accesses, calls and loops that are not proved */
    uint32_t n_loops; /* of these, loops */
    bool usable;      /* the walk came to its end */
    bool in_place;
    bool reads_unwritten;
    bool unset;
    bool reads_nothing; /* strict: of stack that it reads, nothing may be written */
    uint16_t *reach;    /* strict: bytes of stack, of each function */
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

/** Keep what a loop lacks that has no bound. */
static bool keep_lack(void *arg, uint32_t slot, const struct wn_loop_lack *lack)
{
    static const uint8_t reasons[] = {
        [WN_LACKS_ANYTHING] = WN_WHY_LOOP,        [WN_LACKS_WAY_OUT] = WN_WHY_LOOP_FOREVER,
        [WN_LACKS_COUNTER] = WN_WHY_LOOP_COUNTER, [WN_LACKS_LIMIT] = WN_WHY_LOOP_LIMIT,
        [WN_LACKS_TIME] = WN_WHY_LOOP_LONG,       [WN_LACKS_OTHER] = WN_WHY_LOOP_WITHIN,
    };
    struct wn_walk *w = arg;
    struct wn_why why = {.slot = slot,
                         .reason = reasons[lack->what],
                         .number = lack->reg,
                         .room = lack->by,
                         .most = lack->times,
                         .other = w->q.code->ops[slot].target};
    why.reg.v = wn_value_unknown();
    const struct wn_node *n = wn_walk_first(w, why.other);
    if (lack->what == WN_LACKS_LIMIT && n)
        why.reg.type = n->s.r[lack->reg].type;
    if (why.reg.type == WN_T_NUMBER &&
        !range_at(w, why.other, lack->reg, &why.reg.v.smin, &why.reg.v.smax))
        why.reg.type = WN_T_NONE;
    return wn_vec_push(&w->lacks, why);
}

/** Why a jump back has no bound. */
static struct wn_why lack_at(const struct wn_walk *w, uint32_t slot)
{
    size_t low = 0, high = w->lacks.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->lacks.data[middle].slot < slot)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < w->lacks.len && w->lacks.data[low].slot == slot)
        return w->lacks.data[low];
    return (struct wn_why){
        .slot = slot, .reason = WN_WHY_LOOP, .other = w->q.code->ops[slot].target};
}

/** Whether helpers call functions: for fuel, but as often as that allows. */
static bool repeats(const struct wn_code *code)
{
    for (uint32_t i = 0; i < code->n_ops; i++)
        if (code->ops[i].check & WN_CHECK_REPEAT)
            return true;
    return false;
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
    } else if (any && !wn_loops_bound(code, UNBOUNDED, range_at, w, bounded,
                                      q->env->strict || q->env->explain ? keep_lack : NULL)) {
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
        struct wn_why why = lack_at(w, i);
        if (!wn_vec_push(&q->whys, why))
            return false;
        q->found[i].why = (uint32_t)q->whys.len;
    }
    return true;
}

/* ---- walks ----------------------------------------------------------------------------------- */

/** What may end the program. */
static bool ends(enum wn_kind kind)
{
    return kind == WN_KIND_EXIT || kind == WN_KIND_PACKET;
}

static bool is_open(const struct wn_code *code, const struct wn_finding *f, uint32_t slot)
{
    bool counts = is_access(wn_op_kind(&code->ops[slot])) || is_jump_back(code, slot) ||
                  code->ops[slot].id == WN_OP_CALL || ends(wn_op_kind(&code->ops[slot]));
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
    out->unset = q->unset;
    out->reads_nothing = q->reads_nothing;
    out->reach = q->reach;
    q->reach = NULL;
    q->found = NULL;
    q->whys.data = NULL;
    q->whys.len = q->whys.cap = 0;
    return true;
}

static void free_found(struct found *found)
{
    free(found->at);
    free(found->whys);
    free(found->reach);
}

/** Walk in the manner of a phase; `out` is usable if that came to an end. False without memory. */
static bool walk(struct wn_walk *w, enum wn_phase phase, struct found *out)
{
    struct wn_search *q = &w->q;
    q->found = q->found ? q->found : calloc(q->code->n_ops, sizeof *q->found);
    q->fatal = q->hopeless = false;
    if (q->env->strict && !q->reach)
        q->reach = calloc(q->code->n_funcs, sizeof *q->reach);
    if (!q->found || (q->env->strict && !q->reach))
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
            return f->outcome & WN_CUT ? (uint8_t)WN_MARK_FIELD : mark_of_load(f);
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
    if (w->q.env->strict && w->q.refusal.reason) {
        wn_why_print(code, w->q.env, &w->q.refusal, err);
        return WN_E_REJECTED;
    }
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
        if (w->q.refusal.reason)
            wn_fail(&said, WN_E_REJECTED, i, no_function, (unsigned)w->q.refusal.slot);
        else
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
 * Everything is proved, but kernels would not take it, or should not: they give so much stack to
 * functions within each other; and who reads stack to which nothing was written has forgotten
 * something. Padding is often left as it is, so one byte of it is enough. If anything of that kind
 * may be, all ways are followed once more; if there are too many, nothing is said.
 */
static int refuse_for_kernels(struct wn_walk *w, const struct found *found, bool reads_nothing,
                              struct wn_error *err)
{
    struct wn_search *q = &w->q;
    struct wn_why why = {.reason = WN_WHY_STACK_SIZE, .other = WN_STACK_IN_ALL};
    struct found minded = {0};
    uint32_t bytes;
    if (wn_frames_exceed(q->code, found->reach, &why.slot, &bytes)) {
        why.most = bytes;
        wn_why_print(q->code, q->env, &why, err);
        return WN_E_REJECTED;
    }
    if (!reads_nothing)
        return 0;
    int r = 0;
    q->minds_unwritten = true;
    w->brief = false;
    if (!walk(w, WN_EXPLORING, &minded))
        r = refuse_limits(w, err);
    for (uint32_t i = 0; r == 0 && minded.usable && i < q->code->n_ops; i++) {
        const struct wn_finding *f = &minded.at[i];
        if (!f->why || minded.whys[f->why - 1].reason != WN_WHY_UNREAD)
            continue;
        wn_why_print(q->code, q->env, &minded.whys[f->why - 1], err);
        r = WN_E_REJECTED;
    }
    w->late = false; /* it is proved all the same */
    free_found(&minded);
    return r;
}

/** Follow all ways; where that leaves something open and helpers call functions, once more, each of
 * their calls by itself. False without memory. */
static bool explore(struct wn_walk *w, const struct wn_code *code, struct found *out)
{
    if (!walk(w, WN_EXPLORING, out))
        return false;
    if (w->late || w->q.fatal || w->q.hopeless || !repeats(code) || (out->usable && !out->n_open))
        return true;
    struct found once_more = {0};
    w->patient = true;
    bool enough = walk(w, WN_EXPLORING, &once_more);
    w->patient = false;
    if (once_more.usable && (!out->usable || once_more.n_open < out->n_open)) {
        struct found other = *out;
        *out = once_more;
        once_more = other;
    }
    free_found(&once_more);
    return enough;
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
        enough = explore(w, code, &explored);
    if (joined.usable ||
        explored.usable) /* which is worth having when time has run out meanwhile */
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
    code->unset = joined.unset || explored.unset;
    if (r == 0 && q->env->strict) /* joined states have written what all of them have */
        r = refuse_for_kernels(w, best,
                               joined.usable ? joined.reads_nothing : best->reads_unwritten, err);
    /* What was found when ways were joined holds in every run, if what was assumed there of guards
     * does. */
    if (r == 0 && joined.usable && (best == &joined || !assumes(code, &joined))) {
        free(code->facts);
        code->facts = w->facts;
        w->facts = NULL;
    }
    free_found(&joined);
    free_found(&explored);
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
