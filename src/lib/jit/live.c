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

static struct node node_of(const struct wn_code *code, uint32_t block)
{
    const struct wn_block *b = &code->blocks[block];
    uint32_t keep = UINT16_MAX, gen = 0;
    for (uint32_t i = b->first + b->count; i-- > b->first;) {
        uint32_t defs = wn_op_defs(&code->ops[i]);
        keep &= ~defs;
        gen = (gen & ~defs) | wn_op_uses(&code->ops[i]);
    }
    return (struct node){next_of(code, block), (uint16_t)keep, (uint16_t)gen};
}

static uint32_t live_after(struct next to, const uint16_t *in)
{
    return (to.jump == NONE ? 0u : in[to.jump]) | (to.on == NONE ? 0u : in[to.on]);
}

static uint16_t live_before(const struct node *n, const uint16_t *in)
{
    return (uint16_t)((live_after(n->to, in) & n->keep) | n->gen);
}

uint32_t wn_live_out(const struct wn_code *code, const uint16_t *in, uint32_t block)
{
    return live_after(next_of(code, block), in);
}

/**
 * All blocks once, from the last to the first: right where nothing jumps back,
 * too little elsewhere. True if something does.
 */
static bool sweep(const struct wn_code *code, struct node *nodes, uint16_t *in)
{
    bool loops = false;
    for (uint32_t b = code->n_blocks; b-- > 0;) {
        nodes[b] = node_of(code, b);
        in[b] = live_before(&nodes[b], in);
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
static void solve(const struct node *nodes, uint32_t n, struct search *s, uint16_t *in)
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
        uint16_t live = live_before(&nodes[b], in);
        if (live == in[b])
            continue;
        in[b] = live;
        for (uint32_t i = s->first_pred[b]; i < s->first_pred[b + 1]; i++) {
            uint32_t p = s->pred[i];
            if (!s->waiting[p])
                s->work[left++] = p;
            s->waiting[p] = 1;
        }
    }
}

/** Go round the loops. */
static bool settle(const struct node *nodes, uint32_t blocks, uint16_t *in)
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
        solve(nodes, blocks, &s, in);
    }
    search_fini(&s);
    return room;
}

int wn_live_find(const struct wn_code *code, uint16_t **out, struct wn_error *err)
{
    uint32_t n = code->n_blocks;
    WN_OWN(free) uint16_t *in = calloc(n, sizeof *in);
    WN_OWN(free) struct node *nodes = malloc(n * sizeof *nodes);
    if (!in || !nodes || (sweep(code, nodes, in) && !settle(nodes, n, in)))
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *out = wn_give(in);
    return 0;
}
