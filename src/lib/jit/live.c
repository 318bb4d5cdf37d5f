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
    switch (wn_op_kind(last)) {
    case WN_KIND_EXIT: return (struct next){NONE, NONE};
    case WN_KIND_JUMP: return (struct next){last->target, NONE};
    case WN_KIND_BRANCH:
    case WN_KIND_PACKET: return (struct next){last->target, block + 1};
    case WN_KIND_ALU:
    case WN_KIND_WIDE:
    case WN_KIND_LOAD:
    case WN_KIND_STORE:
    case WN_KIND_ATOMIC:
    case WN_KIND_CALL:
    case WN_KIND_HOLE:
    case WN_KIND_GUARD:
    case WN_KIND_FUEL:
    case WN_KIND_CHECK: break;
    }
    return (struct next){NONE, block + 1};
}

uint32_t wn_live_out(const struct wn_code *code, const uint16_t *in, uint32_t block)
{
    struct next n = next_of(code, block);
    return (n.jump == NONE ? 0u : in[n.jump]) | (n.on == NONE ? 0u : in[n.on]);
}

bool wn_op_is_pure(const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    return kind == WN_KIND_ALU || kind == WN_KIND_WIDE || kind == WN_KIND_LOAD;
}

/** What a block makes of the registers live at its end: (live & keep) | gen. */
struct transfer {
    uint16_t keep, gen;
};

/** Everything the search needs, allocated at once. */
struct search {
    struct transfer *block;
    uint32_t *first_pred; /* predecessors of b: pred[first_pred[b]] up to first_pred[b + 1] */
    uint32_t *pred;
    uint32_t *work; /* stack of blocks whose successors have changed */
    uint8_t *waiting;
};

static void search_fini(struct search *s)
{
    free(s->block);
    free(s->first_pred);
    free(s->pred);
    free(s->work);
    free(s->waiting);
}

static struct transfer transfer_of(const struct wn_code *code, const struct wn_block *b)
{
    struct transfer t = {.keep = UINT16_MAX};
    for (uint32_t i = b->first + b->count; i-- > b->first;) {
        uint16_t defs = (uint16_t)wn_op_defs(&code->ops[i]);
        t.keep &= (uint16_t)~defs;
        t.gen = (uint16_t)((t.gen & ~defs) | wn_op_uses(&code->ops[i]));
    }
    return t;
}

/** Predecessors in one array, by counting first. */
static void find_preds(const struct wn_code *code, struct search *s)
{
    uint32_t n = code->n_blocks;
    for (uint32_t b = 0; b < n; b++) {
        struct next to = next_of(code, b);
        if (to.jump != NONE)
            s->first_pred[to.jump]++;
        if (to.on != NONE)
            s->first_pred[to.on]++;
    }
    for (uint32_t b = 0; b < n; b++)
        s->first_pred[b + 1] += s->first_pred[b];
    for (uint32_t b = 0; b < n; b++) {
        struct next to = next_of(code, b);
        if (to.jump != NONE)
            s->pred[--s->first_pred[to.jump]] = b;
        if (to.on != NONE)
            s->pred[--s->first_pred[to.on]] = b;
    }
}

static void solve(const struct wn_code *code, struct search *s, uint16_t *in)
{
    uint32_t left = 0;
    for (uint32_t b = 0; b < code->n_blocks; b++) {
        s->block[b] = transfer_of(code, &code->blocks[b]);
        s->work[left++] = b; /* the last block comes first, as facts flow backwards */
        s->waiting[b] = 1;
    }
    while (left) {
        uint32_t b = s->work[--left];
        s->waiting[b] = 0;
        uint16_t live = (uint16_t)((wn_live_out(code, in, b) & s->block[b].keep) | s->block[b].gen);
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

int wn_live_find(const struct wn_code *code, uint16_t **out, struct wn_error *err)
{
    size_t n = code->n_blocks;
    struct search s = {
        .block = malloc(n * sizeof *s.block),
        .first_pred = calloc(n + 1, sizeof *s.first_pred),
        .pred = calloc(2 * n, sizeof *s.pred),
        .work = malloc(n * sizeof *s.work),
        .waiting = malloc(n),
    };
    WN_OWN(free) uint16_t *in = calloc(n, sizeof *in);
    bool room = s.block && s.first_pred && s.pred && s.work && s.waiting && in;
    if (room) {
        find_preds(code, &s);
        solve(code, &s, in);
    }
    search_fini(&s);
    if (!room)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *out = wn_give(in);
    return 0;
}
