/* SPDX-License-Identifier: MIT */
#include "verify/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---------------------------------------------------------------------------------- */

void *wn_heap_alloc(struct wn_heap *heap, size_t bytes)
{
    if (heap->bytes + bytes > heap->limit) {
        heap->out = heap->over = true;
        return NULL;
    }
    void *p = malloc(bytes);
    if (!p) {
        heap->out = true;
        return NULL;
    }
    heap->bytes += bytes;
    if (heap->bytes > heap->most)
        heap->most = heap->bytes;
    return p;
}

void wn_heap_free(struct wn_heap *heap, void *p, size_t bytes)
{
    if (p)
        heap->bytes -= bytes;
    free(p);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static size_t frame_bytes(unsigned cap)
{
    return sizeof(struct wn_frame) + cap * sizeof(struct wn_spill);
}

static struct wn_frame *frame_new(struct wn_heap *heap, unsigned cap)
{
    struct wn_frame *f = wn_heap_alloc(heap, frame_bytes(cap));
    if (f)
        *f = (struct wn_frame){.refs = 1, .back = WN_NOWHERE, .cap = (uint16_t)cap};
    return f;
}

static void frame_unref(struct wn_frame *f, struct wn_heap *heap)
{
    if (--f->refs == 0)
        wn_heap_free(heap, f, frame_bytes(f->cap));
}

struct wn_frame *wn_state_own_frame(struct wn_state *s, uint32_t which, struct wn_heap *heap)
{
    struct wn_frame *f = s->frames[which];
    if (f->refs == 1 && f->n_spills < f->cap)
        return f;
    struct wn_frame *own = frame_new(heap, f->n_spills + 4u);
    if (!own)
        return NULL;
    unsigned cap = own->cap;
    memcpy(own, f, frame_bytes(f->n_spills));
    own->refs = 1;
    own->cap = (uint16_t)cap;
    frame_unref(f, heap);
    return s->frames[which] = own;
}

void wn_frame_forget(struct wn_frame *f, int32_t off, uint32_t size)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *k = &f->spills[i];
        bool apart = k->off + k->size <= off || off + (int32_t)size <= k->off;
        if (apart && n != i)
            f->spills[n] = *k;
        n += apart;
    }
    f->n_spills = (uint16_t)n;
}

void wn_frame_keep(struct wn_frame *f, int32_t off, uint32_t size, const struct wn_reg *reg)
{
    wn_frame_forget(f, off, size);
    assert(f->n_spills < f->cap);
    unsigned at = f->n_spills++;
    for (; at > 0 && f->spills[at - 1].off > off; at--) /* in order, so that frames compare */
        f->spills[at] = f->spills[at - 1];
    f->spills[at] = (struct wn_spill){*reg, (int16_t)off, (uint8_t)size};
}

void wn_frame_write(struct wn_frame *f, int32_t off, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        uint32_t bit = (uint32_t)(off + (int32_t)WN_STACK_FRAME) + i;
        f->written[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

bool wn_frame_is_written(const struct wn_frame *f, int32_t off, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        uint32_t bit = (uint32_t)(off + (int32_t)WN_STACK_FRAME) + i;
        if (!(f->written[bit / 64] >> bit % 64 & 1))
            return false;
    }
    return true;
}

/* ---- states ---------------------------------------------------------------------------------- */

bool wn_state_init(struct wn_state *s, struct wn_heap *heap)
{
    memset(s, 0, sizeof *s);
    s->next_id = WN_ID_LENGTH + 1;
    s->less = WN_NO_END;
    s->frames[0] = frame_new(heap, 4);
    s->depth = s->frames[0] ? 1 : 0;
    return s->frames[0];
}

void wn_state_copy(struct wn_state *to, const struct wn_state *from)
{
    *to = *from;
    for (uint32_t i = 0; i < to->depth; i++)
        to->frames[i]->refs++;
}

void wn_state_fini(struct wn_state *s, struct wn_heap *heap)
{
    for (uint32_t i = 0; i < s->depth; i++)
        frame_unref(s->frames[i], heap);
    s->depth = 0;
}

void wn_state_clear_arguments(struct wn_state *s, uint32_t slot)
{
    for (unsigned r = WN_R1; r <= WN_R5; r++)
        s->r[r] = (struct wn_reg){.past = WN_PAST_CALL, .which = slot};
}

bool wn_state_push(struct wn_state *s, uint32_t back, struct wn_heap *heap)
{
    assert(s->depth < WN_CALL_DEPTH);
    struct wn_frame *f = frame_new(heap, 4);
    if (!f)
        return false;
    f->back = back;
    memcpy(&f->kept[WN_R6 - WN_R1], &s->r[WN_R6], 4 * sizeof f->kept[0]);
    s->rounds[s->depth] = 0;
    s->frames[s->depth++] = f;
    memset(&s->r[WN_R6], 0, 4 * sizeof s->r[0]);
    memset(&s->r[WN_R0], 0, sizeof s->r[0]);
    return true;
}

bool wn_state_push_repeated(struct wn_state *s, struct wn_heap *heap)
{
    if (s->rounds[s->depth - 1] < UINT8_MAX)
        s->rounds[s->depth - 1]++;
    if (!wn_state_push(s, s->at, heap))
        return false;
    struct wn_frame *f = s->frames[s->depth - 1];
    f->repeats = true;
    f->held = s->n_held;
    memcpy(f->kept, &s->r[WN_R1], 5 * sizeof f->kept[0]);
    memset(&s->r[WN_R1], 0, 5 * sizeof s->r[0]);
    return true;
}

static bool points_above(const void *arg, const struct wn_reg *r)
{
    const struct wn_state *s = arg;
    return (r->type == WN_T_STACK && r->which >= s->depth) ||
           (r->type == WN_T_KEY && r->id > WN_KEY_OF(s->depth));
}

static bool lose(void *arg, struct wn_reg *r)
{
    const struct wn_state *s = arg;
    *r = wn_reg_lost(WN_PAST_RETURNED, s->at - 1);
    return true;
}

bool wn_state_pop(struct wn_state *s, struct wn_heap *heap)
{
    struct wn_frame *f = s->frames[--s->depth];
    s->at = f->back;
    memcpy(&s->r[WN_R6], &f->kept[WN_R6 - WN_R1], 4 * sizeof f->kept[0]);
    wn_state_clear_arguments(s, s->at - 1);
    if (s->r[WN_R0].type == WN_T_NONE)
        s->r[WN_R0] = s->r[WN_R1];
    if (f->repeats)
        memcpy(&s->r[WN_R1], f->kept, 5 * sizeof f->kept[0]);
    frame_unref(f, heap);
    return wn_state_each(s, heap, points_above, lose, s);
}

struct wn_reg wn_state_reg(const struct wn_state *s, unsigned reg)
{
    return reg == WN_R10 ? wn_reg_address(WN_T_STACK, s->depth - 1) : s->r[reg];
}

static bool each_in_frame(struct wn_state *s, uint32_t which, struct wn_heap *heap,
                          bool (*wants)(const void *, const struct wn_reg *), wn_reg_fn fn,
                          void *arg)
{
    const struct wn_frame *f = s->frames[which];
    bool any = false;
    for (unsigned i = 0; i < f->n_spills && !any; i++)
        any = wants(arg, &f->spills[i].reg);
    for (unsigned i = 0; i < WN_KEPT && !any && which > 0; i++)
        any = wants(arg, &f->kept[i]);
    if (!any)
        return true;
    struct wn_frame *own = wn_state_own_frame(s, which, heap);
    if (!own)
        return false;
    for (unsigned i = 0; i < own->n_spills; i++)
        if (wants(arg, &own->spills[i].reg) && !fn(arg, &own->spills[i].reg))
            return false;
    for (unsigned i = 0; i < WN_KEPT && which > 0; i++)
        if (wants(arg, &own->kept[i]) && !fn(arg, &own->kept[i]))
            return false;
    return true;
}

bool wn_state_each(struct wn_state *s, struct wn_heap *heap,
                   bool (*wants)(const void *arg, const struct wn_reg *), wn_reg_fn fn, void *arg)
{
    for (unsigned i = 0; i < WN_R10; i++)
        if (wants(arg, &s->r[i]) && !fn(arg, &s->r[i]))
            return false;
    for (uint32_t i = 0; i < s->depth; i++)
        if (!each_in_frame(s, i, heap, wants, fn, arg))
            return false;
    return true;
}

/* ---- what is held ---------------------------------------------------------------------------- */

void wn_state_hold(struct wn_state *s, uint32_t id)
{
    if (s->n_held == WN_MOST_HELD)
        s->loose = true;
    else
        s->held[s->n_held++] = (struct wn_held){id, s->at};
}

bool wn_state_release(struct wn_state *s, uint32_t id)
{
    for (unsigned i = 0; i < s->n_held; i++) {
        if (s->held[i].id != id)
            continue;
        memmove(&s->held[i], &s->held[i + 1], (s->n_held - i - 1u) * sizeof s->held[0]);
        s->n_held--;
        return true;
    }
    return false;
}

bool wn_state_hold_same(const struct wn_state *s, uint32_t a, const struct wn_state *t, uint32_t b)
{
    for (unsigned i = 0; i < s->n_held && i < t->n_held; i++)
        if (s->held[i].id == a)
            return t->held[i].id == b;
    return false;
}

/* ---- the packet ------------------------------------------------------------------------------ */

/** What is known of the length against a number; NULL if nothing. */
static const struct wn_room *find_room(const struct wn_state *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->n_rooms; i++)
        if (s->rooms[i].id == id)
            return &s->rooms[i];
    return NULL;
}

/** The same, to be changed; the oldest goes if there is no place. */
static struct wn_room *make_room(struct wn_state *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->n_rooms; i++)
        if (s->rooms[i].id == id)
            return &s->rooms[i];
    if (s->n_rooms == WN_ROOMS) {
        memmove(s->rooms, s->rooms + 1, (WN_ROOMS - 1) * sizeof s->rooms[0]);
        s->n_rooms--;
    }
    s->rooms[s->n_rooms] = (struct wn_room){id, WN_NO_ROOM, WN_NO_END};
    return &s->rooms[s->n_rooms++];
}

int64_t wn_state_room(const struct wn_state *s, uint32_t id)
{
    if (id == 0)
        return s->least;
    if (id == WN_ID_LENGTH)
        return 0;
    const struct wn_room *room = find_room(s, id);
    return room ? room->bytes : WN_NO_ROOM;
}

void wn_state_learn_room(struct wn_state *s, uint32_t id, int64_t bytes)
{
    if (bytes < -WN_FARTHEST || id == WN_ID_LENGTH)
        return;
    if (id == 0) {
        if (bytes > (int64_t)s->least)
            s->least = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
        return;
    }
    if (bytes > WN_FARTHEST) /* behind a place no more is to be known */
        bytes = WN_FARTHEST;
    struct wn_room *room = make_room(s, id);
    if (bytes > room->bytes)
        room->bytes = (int32_t)bytes;
}

int64_t wn_state_end(const struct wn_state *s, uint32_t id)
{
    if (id == 0)
        return s->less;
    if (id == WN_ID_LENGTH)
        return 1;
    const struct wn_room *room = find_room(s, id);
    return room ? room->less : WN_NO_END;
}

void wn_state_learn_end(struct wn_state *s, uint32_t id, int64_t less)
{
    if (less > WN_FARTHEST || less < -WN_FARTHEST || id == WN_ID_LENGTH)
        return;
    if (id == 0) {
        if (less < s->less)
            s->less = (int32_t)less;
        return;
    }
    struct wn_room *room = make_room(s, id);
    if (less < room->less)
        room->less = (int32_t)less;
}
