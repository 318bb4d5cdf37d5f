/* SPDX-License-Identifier: MIT */
#include "verify/meet.h"

#include <string.h>

#include "base/vec.h"

/* Of the states at one place, so many are compared with, and each so often in vain before it is
 * left out; when joining, so many are kept apart. */
#define MOST_COMPARED 64u
#define PATIENCE      48u
#define MOST_APART    16u
#define MOST_CALLS    64u /* and so many for all the places a function is called from */
/* A joined state is told so many times what came there too before it is widened, then forgotten. */
#define JOINS    0u
#define LIMITING 60u
#define WIDENING 100u
/* What a helper calls so often at most is followed each time, if one is patient. */
#define FOLLOWED 64u
/* Of what a helper has called, states are joined so many times, then widened, then forgotten. */
#define EXACTLY  3u
#define TO_LIMIT 12u
#define TO_END   18u

void wn_way_walked(struct wn_walk *w, uint32_t entry)
{
    if (!wn_vec_push(&w->trail, entry))
        w->q.heap.out = true;
}

void wn_way_go_back(struct wn_walk *w, size_t len)
{
    for (size_t i = len; i < w->trail.len; i++)
        if (w->trail.data[i] & WN_STEP_NODE)
            w->nodes.data[w->trail.data[i] & ~WN_STEP_NODE]->open = false;
    w->trail.len = len;
}

static struct wn_marks *marks_of(void *arg, uint32_t node)
{
    struct wn_walk *w = arg;
    return &w->nodes.data[node]->precise;
}

void wn_way_depends(struct wn_walk *w, struct wn_marks *marks, size_t skip, uint32_t depth)
{
    if (w->phase == WN_EXPLORING)
        wn_trail_mark(w->q.code, &w->trail, skip, depth, marks, marks_of, w);
}

void wn_way_needs(struct wn_walk *w, uint32_t bytes)
{
    for (size_t i = w->trail.len; i > 0 && bytes && w->phase == WN_EXPLORING; i--) {
        if (!(w->trail.data[i - 1] & WN_STEP_NODE))
            continue;
        struct wn_node *n = w->nodes.data[w->trail.data[i - 1] & ~WN_STEP_NODE];
        if (n->needs >= bytes || n->s.least < bytes)
            return;
        n->needs = bytes;
    }
}

/* ---- where ways meet ------------------------------------------------------------------------- */

static void add_edge(struct wn_walk *w, uint32_t to)
{
    struct wn_edge e = {w->from, to, w->via};
    if (!wn_vec_push(&w->edges, e))
        w->q.heap.out = true;
}

/** Keep the state that is being followed where it is. */
static struct wn_node *add_node(struct wn_walk *w)
{
    struct wn_node *n = wn_heap_alloc(&w->q.heap, sizeof *n);
    if (!n)
        return NULL;
    if (!wn_vec_push(&w->nodes, n)) { // NOLINT(bugprone-sizeof-expression)
        wn_heap_free(&w->q.heap, n, sizeof *n);
        w->q.heap.out = true;
        return NULL;
    }
    uint32_t *head = &w->heads[w->q.s.at];
    wn_state_copy(&n->s, &w->q.s);
    n->number = (uint32_t)w->nodes.len - 1;
    n->next = *head - 1;
    n->precise = (struct wn_marks){.regs = {0}};
    n->needs = 0;
    n->times = n->hits = n->misses = 0;
    n->clash = 0;
    n->waiting = n->open = false;
    *head = (uint32_t)w->nodes.len + 1;
    return n;
}

static struct wn_node *first_node(const struct wn_walk *w, uint32_t slot)
{
    uint32_t head = w->heads[slot];
    return head > 1 ? w->nodes.data[head - 2] : NULL;
}

const struct wn_node *wn_walk_first(const struct wn_walk *w, uint32_t slot)
{
    return first_node(w, slot);
}

const struct wn_node *wn_walk_next(const struct wn_walk *w, const struct wn_node *n)
{
    return n->next ? w->nodes.data[n->next - 1] : NULL;
}

static struct wn_node *next_node(const struct wn_walk *w, const struct wn_node *n)
{
    return n->next ? w->nodes.data[n->next - 1] : NULL;
}

/** Whether a state has written more of its stack than the one that is followed. */
static bool has_written_more(const struct wn_search *q, const struct wn_state *old)
{
    uint64_t more = 0;
    for (uint32_t f = 0; f < old->depth; f++)
        for (unsigned i = 0; i < WN_FRAME_WORDS; i++)
            more |= old->frames[f]->written[i] & ~q->s.frames[f]->written[i];
    return more;
}

/** Of the stack, what the old state has written counts as written in the new one from here on. */
static void compare_written(struct wn_search *q, const struct wn_state *old)
{
    q->reads_unwritten |= has_written_more(q, old);
}

/** Whether a kept state allows what is being followed; all that depends on it is noted then. */
static bool is_like(struct wn_walk *w, struct wn_node *n, const struct wn_matters *m)
{
    struct wn_search *q = &w->q;
    /* What numbers matter is known when all ways from there have been followed. */
    const struct wn_marks *precise = n->open ? &w->everything : &n->precise;
    uint32_t needs = n->open ? n->s.least : n->needs;
    bool hides = false;
    if (!wn_state_same_calls(&n->s, &q->s) ||
        !wn_state_includes(&n->s, &q->s, m, precise, needs, &n->clash, &hides) ||
        (q->minds_unwritten && has_written_more(q, &n->s)))
        return false;
    q->detours |= hides;
    struct wn_marks marks = *precise;
    compare_written(q, &n->s);
    add_edge(w, n->number);
    wn_way_depends(w, &marks, 0, q->s.depth);
    wn_way_needs(w, needs);
    return true;
}

/** Compare with the states that are kept here. One that is like nothing that comes is taken out. */
static bool is_known(struct wn_walk *w, const struct wn_matters *m)
{
    struct wn_node *before = NULL, *n = first_node(w, w->q.s.at);
    for (unsigned compared = 0; n && compared < MOST_COMPARED; compared++) {
        struct wn_node *next = next_node(w, n);
        if (is_like(w, n, m)) {
            n->hits++;
            if (before) { /* what comes next is most often like it, too */
                before->next = n->next;
                n->next = w->heads[w->q.s.at] - 1;
                w->heads[w->q.s.at] = n->number + 2;
            }
            return true;
        }
        if (++n->misses > 3 * n->hits + PATIENCE && !before)
            w->heads[w->q.s.at] = n->next + 1;
        else if (n->misses > 3 * n->hits + PATIENCE)
            before->next = n->next;
        else
            before = n;
        n = next;
    }
    return false;
}

/**
 * What a helper has called returns to it with something else each time. Let what is followed be
 * what was followed from here before, too, so that this comes to an end.
 */
static bool generalize(struct wn_walk *w, const struct wn_matters *m)
{
    struct wn_search *q = &w->q;
    const struct wn_node *last = NULL;
    unsigned rounds = 0;
    for (const struct wn_node *n = first_node(w, q->s.at); n; n = next_node(w, n)) {
        if (!n->open || !wn_state_same_calls(&n->s, &q->s))
            continue;
        rounds++;
        if (wn_state_same_types(&n->s, &q->s, m) && (!last || n->number > last->number))
            last = n;
    }
    if (!last || (w->patient && rounds < FOLLOWED && q->s.r[WN_R1].type == WN_T_NUMBER &&
                  q->s.r[WN_R1].v.umax <= FOLLOWED))
        return true;
    enum wn_joining how = rounds < EXACTLY    ? WN_JOIN
                          : rounds < TO_LIMIT ? WN_WIDEN_TO
                          : rounds < TO_END   ? WN_WIDEN
                                              : WN_FORGET;
    struct wn_state s;
    wn_state_copy(&s, &last->s);
    if (q->s.next_id > s.next_id)
        s.next_id = q->s.next_id;
    bool enough = wn_state_join(&s, &q->s, how, &w->limits, m, &q->heap, &q->detours);
    wn_state_fini(&q->s, &q->heap);
    q->s = s;
    return enough;
}

/** Whether this way has still to be followed: none like it has been. */
static bool explore(struct wn_walk *w, const struct wn_matters *m)
{
    if (is_known(w, m))
        return false;
    if (w->loops[w->q.s.at] & WN_LOOP_AGAIN && !generalize(w, m))
        return false;
    struct wn_node *n = add_node(w);
    if (!n)
        return false;
    n->open = true;
    wn_way_walked(w, WN_STEP_NODE | n->number);
    add_edge(w, n->number);
    w->from = n->number;
    w->via = WN_NOWHERE;
    return true;
}

/** The joined state that the one being followed belongs to; NULL: one of its own. */
static struct wn_node *find_joined(struct wn_walk *w, const struct wn_matters *m)
{
    struct wn_search *q = &w->q;
    struct wn_node *alike = NULL;
    unsigned same_calls = 0, all = 0;
    for (struct wn_node *n = first_node(w, q->s.at); n; n = next_node(w, n)) {
        all++;
        if (!wn_state_same_calls(&n->s, &q->s))
            continue;
        if (wn_state_same_types(&n->s, &q->s, m))
            return n;
        alike = alike ? alike : n;
        same_calls++;
    }
    if (same_calls < MOST_APART && all < MOST_CALLS)
        return NULL;
    q->hopeless |= !alike;
    return alike;
}

static bool comes_before(const struct wn_walk *w, uint32_t a, uint32_t b)
{
    uint32_t x = w->nodes.data[a]->s.at, y = w->nodes.data[b]->s.at;
    return x < y || (x == y && a < b);
}

/** Have a joined state followed, again if need be. */
static void wait(struct wn_walk *w, struct wn_node *n)
{
    n->times += n->times < UINT16_MAX;
    if (n->waiting)
        return;
    n->waiting = true;
    if (!wn_vec_push(&w->waiting, n->number)) {
        w->q.heap.out = true;
        return;
    }
    uint32_t *heap = w->waiting.data;
    for (size_t at = w->waiting.len - 1; at > 0 && comes_before(w, heap[at], heap[(at - 1) / 2]);) {
        size_t up = (at - 1) / 2;
        uint32_t other = heap[up];
        heap[up] = heap[at];
        heap[at] = other;
        at = up;
    }
}

struct wn_node *wn_walk_next_waiting(struct wn_walk *w)
{
    uint32_t *heap = w->waiting.data, first = heap[0];
    size_t n = --w->waiting.len, at = 0;
    heap[0] = heap[n];
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (comes_before(w, heap[child], heap[least]))
                least = child;
        if (least == at)
            break;
        uint32_t other = heap[least];
        heap[least] = heap[at];
        heap[at] = other;
        at = least;
    }
    w->nodes.data[first]->waiting = false;
    return w->nodes.data[first];
}

/** Let the state that is kept here allow what has come here. */
static void join(struct wn_walk *w, const struct wn_matters *m)
{
    struct wn_search *q = &w->q;
    struct wn_node *n = find_joined(w, m);
    if (q->hopeless)
        return;
    if (!n) {
        n = add_node(w);
        if (n) {
            add_edge(w, n->number);
            wait(w, n);
        }
        return;
    }
    add_edge(w, n->number);
    bool hides = false;
    if (wn_state_includes(&n->s, &q->s, m, &w->everything, n->s.least, &n->clash, &hides)) {
        q->detours |= hides;
        compare_written(q, &n->s);
        return;
    }
    enum wn_joining how = WN_JOIN;
    if (w->loops[q->s.at] && n->times > JOINS)
        how = n->times > WIDENING ? WN_FORGET : n->times > LIMITING ? WN_WIDEN : WN_WIDEN_TO;
    if (q->s.next_id > n->s.next_id)
        n->s.next_id = q->s.next_id;
    if (wn_state_join(&n->s, &q->s, how, &w->limits, m, &q->heap, &q->detours))
        wait(w, n);
}

void wn_walk_find_heads(struct wn_walk *w)
{
    const struct wn_code *code = w->q.code;
    uint8_t *ways = w->loops; /* counted there first */
    memset(w->heads, 0, code->n_ops * sizeof *w->heads);
    memset(ways, 0, code->n_ops);
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind kind = wn_op_kind(&code->ops[i]);
        uint32_t target = code->ops[i].target;
        if (kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH)
            ways[target] = (uint8_t)(wn_is_back_edge(i, target) || ways[target] ? 2 : 1);
        bool calls = code->ops[i].id != WN_OP_CALL || code->ops[i].check & WN_CHECK_REPEAT;
        if (kind == WN_KIND_CALL && calls && i + 1 < code->n_ops)
            ways[i + 1] = 2;
        if (kind == WN_KIND_CALL && code->ops[i].check & WN_CHECK_REPEAT)
            ways[i] = 2;
    }
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind before = i ? wn_op_kind(&code->ops[i - 1]) : WN_KIND_EXIT;
        bool from_above = before != WN_KIND_JUMP && before != WN_KIND_EXIT;
        w->heads[i] = ways[i] == 2 || (ways[i] == 1 && from_above);
    }
    for (uint32_t f = 0; f < code->n_funcs; f++)
        w->heads[code->funcs[f].first] = 1;
    memset(w->loops, 0, code->n_ops);
    for (uint32_t i = 0; i < code->n_ops; i++) {
        enum wn_kind kind = wn_op_kind(&code->ops[i]);
        if ((kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH) &&
            wn_is_back_edge(i, code->ops[i].target))
            w->loops[code->ops[i].target] |= WN_LOOP_JUMP;
        if (code->ops[i].check & WN_CHECK_REPEAT)
            w->loops[i] |= WN_LOOP_AGAIN;
    }
}

bool wn_walk_arrive(struct wn_walk *w)
{
    struct wn_search *q = &w->q;
    struct wn_matters m = wn_matters_at(&q->live, q->s.at);
    for (uint32_t seen = m.deep | m.shallow; seen; seen &= seen - 1)
        q->unset |= q->s.r[__builtin_ctz(seen)].type == WN_T_NONE;
    if (w->phase == WN_JOINING)
        m.deep |= m.shallow; /* what is found is to hold of all that anybody sees */
    if (!wn_state_tidy(&q->s, &m, &q->heap))
        return false;
    if (w->phase == WN_JOINING) {
        join(w, &m);
        return false;
    }
    bool go_on = explore(w, &m);
    if (!go_on && q->env->log)
        wn_tell(q, " (as before)");
    return go_on;
}
