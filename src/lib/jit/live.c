/* SPDX-License-Identifier: MIT */
#include "jit/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

#define NONE UINT32_MAX

/** Where control goes from a block's end; NONE where there is no such successor. */
struct next {
    uint32_t jump, on;
};

static struct next next_of(const struct wn_code *code, uint32_t block)
{
    const struct wn_block *b = &code->blocks[block];
    const struct wn_op *last = &code->ops[b->first + b->count - 1];
    enum wn_kind kind = wn_op_kind(last);
    bool jumps = kind == WN_KIND_JUMP || kind == WN_KIND_BRANCH || kind == WN_KIND_PACKET;
    bool goes_on = kind != WN_KIND_JUMP && kind != WN_KIND_EXIT;
    return (struct next){jumps ? last->target : NONE, goes_on ? block + 1 : NONE};
}

/** A block as the search sees it: what it makes of the registers live at its end,
 * (live & keep) | gen, and where it leads. */
struct node {
    struct next to;
    uint16_t keep, gen;
};

/** What going back from successors to predecessors needs, allocated at once. */
struct search {
    uint32_t *first_pred; /* predecessors of b: pred[first_pred[b]] up to first_pred[b + 1] */
    uint32_t *pred;
    uint32_t *work; /* stack of blocks whose successors have changed */
    uint8_t *waiting;
};

static void search_fini(struct search *s)
{
    free(s->first_pred);
    free(s->pred);
    free(s->work);
    free(s->waiting);
}

static struct node node_of(const struct wn_code *code, const struct wn_touch *touch, uint32_t block)
{
    const struct wn_block *b = &code->blocks[block];
    uint32_t keep = UINT16_MAX, gen = 0;
    for (uint32_t i = b->first + b->count; i-- > b->first;) {
        struct wn_touch t = touch[i];
        keep &= ~(uint32_t)t.writes;
        gen = (gen & ~(uint32_t)t.writes) | t.reads;
    }
    return (struct node){next_of(code, block), (uint16_t)keep, (uint16_t)gen};
}

/** Look again at a block; whether more is live where it begins than was known. */
static bool update(const struct node *n, struct wn_live *live, uint32_t block)
{
    uint16_t out = (uint16_t)((n->to.jump == NONE ? 0u : live[n->to.jump].in) |
                              (n->to.on == NONE ? 0u : live[n->to.on].in));
    uint16_t in = (uint16_t)((out & n->keep) | n->gen);
    bool more = in != live[block].in;
    live[block] = (struct wn_live){in, out};
    return more;
}

/**
 * All blocks once, from the last to the first: right where nothing jumps back,
 * too little elsewhere. True if something does.
 */
static bool sweep(const struct wn_code *code, const struct wn_touch *touch, struct node *nodes,
                  struct wn_live *live)
{
    bool loops = false;
    for (uint32_t b = code->n_blocks; b-- > 0;) {
        nodes[b] = node_of(code, touch, b);
        update(&nodes[b], live, b);
        loops |= nodes[b].to.jump <= b;
    }
    return loops;
}

/** Predecessors in one array, by counting first. */
static void find_preds(const struct node *nodes, uint32_t n, struct search *s)
{
    for (uint32_t b = 0; b < n; b++) {
        struct next to = nodes[b].to;
        if (to.jump != NONE)
            s->first_pred[to.jump]++;
        if (to.on != NONE)
            s->first_pred[to.on]++;
    }
    for (uint32_t b = 0; b < n; b++)
        s->first_pred[b + 1] += s->first_pred[b];
    for (uint32_t b = 0; b < n; b++) {
        struct next to = nodes[b].to;
        if (to.jump != NONE)
            s->pred[--s->first_pred[to.jump]] = b;
        if (to.on != NONE)
            s->pred[--s->first_pred[to.on]] = b;
    }
}

/** Let blocks that jump back see what is live there, and all from which they are reached. */
static void solve(const struct node *nodes, uint32_t n, struct search *s, struct wn_live *live)
{
    uint32_t left = 0;
    for (uint32_t b = 0; b < n; b++)
        if (nodes[b].to.jump <= b) {
            s->work[left++] = b;
            s->waiting[b] = 1;
        }
    while (left) {
        uint32_t b = s->work[--left];
        s->waiting[b] = 0;
        if (!update(&nodes[b], live, b))
            continue;
        for (uint32_t i = s->first_pred[b]; i < s->first_pred[b + 1]; i++) {
            uint32_t p = s->pred[i];
            if (!s->waiting[p])
                s->work[left++] = p;
            s->waiting[p] = 1;
        }
    }
}

/** Go round the loops. */
static bool settle(const struct node *nodes, uint32_t blocks, struct wn_live *live)
{
    size_t n = blocks;
    struct search s = {
        .first_pred = calloc(n + 1, sizeof *s.first_pred),
        .pred = malloc(2 * n * sizeof *s.pred),
        .work = malloc(n * sizeof *s.work),
        .waiting = calloc(n, 1),
    };
    bool room = s.first_pred && s.pred && s.work && s.waiting;
    if (room) {
        find_preds(nodes, blocks, &s);
        solve(nodes, blocks, &s, live);
    }
    search_fini(&s);
    return room;
}

int wn_live_find(const struct wn_code *code, const struct wn_touch *touch, struct wn_live **out,
                 struct wn_error *err)
{
    uint32_t n = code->n_blocks;
    WN_OWN(free) struct wn_live *live = calloc(n, sizeof *live);
    WN_OWN(free) struct node *nodes = malloc(n * sizeof *nodes);
    if (!live || !nodes || (sweep(code, touch, nodes, live) && !settle(nodes, n, live)))
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *out = wn_give(live);
    return 0;
}
