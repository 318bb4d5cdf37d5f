/* SPDX-License-Identifier: MIT */
#include "verify/join.h"

#include <string.h>

#include "verify/search.h"

#define MOST_FOLDS 16u

struct join {
    struct wn_state *into;
    const struct wn_state *from;
    enum wn_joining how;
    const struct wn_limits *limits;
    struct wn_pairs ids;          /* of `into` and `from` */
    uint32_t torn[WN_MOST_PAIRS]; /* of `into`: not the same number everywhere */
    unsigned n_torn;
    bool all_torn;                 /* there are more than that */
    const struct wn_state *before; /* `into`, as it was */
    struct fold {
        uint32_t a, b;
        int64_t by;
        uint32_t id;
    } folds[MOST_FOLDS];
    unsigned n_folds;
    bool hides; /* an address of the packet becomes what may be anything */
};

static bool is_torn(const struct join *j, uint32_t id)
{
    if (j->all_torn)
        return true;
    for (unsigned i = 0; i < j->n_torn; i++)
        if (j->torn[i] == id)
            return true;
    return false;
}

/** Note which number of `from` one of `into` is; those that are several are torn. */
static void relate(struct join *j, const struct wn_reg *a, const struct wn_reg *b)
{
    bool alike = a->type == b->type && a->off == b->off && a->shifted == b->shifted;
    if (!a->id || wn_is_held_type(a->type) || is_torn(j, a->id))
        return;
    if (alike && wn_pair(&j->ids, a->id, b->id, 0))
        return;
    if (j->n_torn < WN_MOST_PAIRS)
        j->torn[j->n_torn++] = a->id;
    else
        j->all_torn = true;
}

/** The least limit that is not below a number; the number itself if there is none. */
static int64_t limit_above(const struct wn_limits *l, int64_t number)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->at[i] >= number)
            return l->at[i];
    return INT64_MAX;
}

static int64_t limit_below(const struct wn_limits *l, int64_t number)
{
    for (unsigned i = l->n; i-- > 0;)
        if (l->at[i] <= number)
            return l->at[i];
    return INT64_MIN;
}

/** As wn_value_widen(), but no farther than to what the program compares with. */
static struct wn_value widen_to(const struct wn_limits *l, const struct wn_value *a,
                                const struct wn_value *b)
{
    struct wn_value v = wn_value_widen(a, b), both = wn_value_join(a, b);
    int64_t most = b->smax > a->smax ? limit_above(l, both.smax) : both.smax;
    int64_t least = b->smin < a->smin ? limit_below(l, both.smin) : both.smin;
    if (most < v.smax)
        v.smax = most;
    if (least > v.smin)
        v.smin = least;
    if (v.smin >= 0 && (uint64_t)v.smax < v.umax && both.umax <= (uint64_t)v.smax)
        v.umax = (uint64_t)v.smax;
    if (v.smin >= 0 && (uint64_t)v.smin > v.umin && both.umin >= (uint64_t)v.smin)
        v.umin = (uint64_t)v.smin;
    return v;
}

static struct wn_value joined(const struct join *j, const struct wn_value *a,
                              const struct wn_value *b)
{
    if (wn_value_includes(a, b))
        return *a;
    struct wn_value v = wn_value_unknown();
    switch (j->how) {
    case WN_JOIN: v = wn_value_join(a, b); break;
    case WN_WIDEN_TO: v = widen_to(j->limits, a, b); break;
    case WN_WIDEN: v = wn_value_widen(a, b); break;
    case WN_FORGET: return v;
    }
    return wn_value_settle(&v) ? v : wn_value_unknown();
}

/** What both know of the packet behind something; what shrinks while a loop goes around is nothing.
 */
static int64_t joined_room(const struct join *j, int64_t a, int64_t b)
{
    if (b >= a)
        return a;
    return j->how == WN_JOIN ? b : WN_NO_ROOM;
}

/** Of places in the packet, what comes after a few: any that is not before the first. */
static struct wn_value any_place(const struct wn_value *a, const struct wn_value *b)
{
    struct wn_value v = wn_value_of_bits(32);
    int64_t most = a->smax > b->smax ? a->smax : b->smax;
    if (b->smin < a->smin || most > (int64_t)UINT32_MAX || a->smin < 0)
        return wn_value_unknown();
    v.umin = (uint64_t)a->smin;
    return wn_value_settle(&v) ? v : wn_value_unknown();
}

/** The number that `a` of the one state and `b` plus `by` of the other become: the same one
 * wherever they meet, so what is linked on both ways stays so. */
static uint32_t folded(struct join *j, uint32_t a, uint32_t b, int64_t by)
{
    for (unsigned i = 0; i < j->n_folds; i++)
        if (j->folds[i].a == a && j->folds[i].b == b && j->folds[i].by == by)
            return j->folds[i].id;
    uint32_t id = j->into->next_id++;
    int64_t room = wn_state_room(j->from, b);
    wn_state_learn_room(j->into, id, joined_room(j, wn_state_room(j->before, a), room - by));
    if (j->n_folds < MOST_FOLDS)
        j->folds[j->n_folds++] = (struct fold){a, b, by, id};
    return id;
}

/** A place in the packet that differs: what it is counted from becomes another number. */
static void fold_packet(struct join *j, struct wn_reg *a, const struct wn_reg *b)
{
    int64_t by = (int64_t)b->off - a->off;
    struct wn_value vb = wn_value_plus(&b->v, by);
    a->id = folded(j, a->id, b->id, by);
    if (j->how != WN_JOIN && !wn_value_includes(&a->v, &vb))
        a->v = any_place(&a->v, &vb);
    else
        a->v = joined(j, &a->v, &vb);
}

/** What is known of the packet behind a number; WN_NO_ROOM: nothing. */
static int64_t room_behind(const struct wn_state *s, const struct wn_reg *n)
{
    if (wn_value_is_const(&n->v) && n->v.bits.value <= WN_FARTHEST)
        return (int64_t)s->least - (int64_t)n->v.bits.value;
    if (!n->id || n->shifted)
        return WN_NO_ROOM;
    int64_t room = wn_state_room(s, n->id);
    return room > WN_NO_ROOM ? room - n->off : WN_NO_ROOM;
}

/** Numbers that are not the same one, but of both something is known of the packet behind them. */
static void fold_number(struct join *j, struct wn_reg *a, int64_t room_a, int64_t room_b)
{
    int64_t room = joined_room(j, room_a, room_b);
    if (room < 0 || wn_value_is_const(&a->v))
        return;
    a->id = j->into->next_id++;
    wn_state_learn_room(j->into, a->id, room);
}

static void forget(struct join *j, struct wn_reg *a, const struct wn_reg *b)
{
    j->hides |= wn_is_packet_type(a->type) || wn_is_packet_type(b->type);
    *a = wn_reg_lost(WN_PAST_JOINED, j->into->at);
}

/** Let a register of `into` be what that of `from` is, too. */
static void join_reg(struct join *j, struct wn_reg *a, const struct wn_reg *b)
{
    if (a->type == WN_T_NONE && b->type == WN_T_NONE)
        return;
    if (wn_is_number(a) && wn_is_number(b)) {
        int64_t room_a = room_behind(j->before, a), room_b = room_behind(j->from, b);
        a->v = joined(j, &a->v, &b->v);
        if (b->type == WN_T_ANY)
            a->type = WN_T_ANY;
        bool linked = a->id && b->id && !a->shifted && !b->shifted && a->id != WN_ID_LENGTH &&
                      b->id != WN_ID_LENGTH;
        if (linked && is_torn(j, a->id) && !wn_value_is_const(&a->v))
            a->id = folded(j, a->id, b->id, (int64_t)b->off - a->off);
        else if (a->id && (is_torn(j, a->id) || wn_value_is_const(&a->v)))
            wn_reg_unlink(NULL, a);
        if (!a->id && a->type == WN_T_NUMBER && room_a >= 0 && room_b >= 0)
            fold_number(j, a, room_a, room_b);
        return;
    }
    if (a->type != b->type || a->which != b->which) {
        forget(j, a, b);
        return;
    }
    if (wn_is_held_type(a->type) &&
        (a->nullable != b->nullable || !wn_state_hold_same(j->into, a->id, j->from, b->id))) {
        forget(j, a, b);
        return;
    }
    bool linked = a->type == WN_T_PACKET || a->type == WN_T_META;
    if (linked &&
        (a->off != b->off || (a->id == 0) != (b->id == 0) || (a->id && is_torn(j, a->id)))) {
        if (a->type == WN_T_META)
            forget(j, a, b);
        else
            fold_packet(j, a, b);
        return;
    }
    if (a->off != b->off && (a->type == WN_T_STACK || a->type == WN_T_VALUE ||
                             a->type == WN_T_KEY || a->type == WN_T_RECORD)) {
        struct wn_value va = wn_value_plus(&a->v, a->off), vb = wn_value_plus(&b->v, b->off);
        a->v = joined(j, &va, &vb);
        a->off = 0;
    } else if (a->off != b->off) {
        forget(j, a, b);
        return;
    } else {
        a->v = joined(j, &a->v, &b->v);
    }
    if (wn_may_be_missing(a->type) && (a->nullable || b->nullable)) {
        if (!a->nullable || is_torn(j, a->id))
            a->id = j->into->next_id++;
        a->nullable = true;
    } else if (a->type == WN_T_VALUE && a->id && is_torn(j, a->id)) {
        a->id = j->into->next_id++; /* not the one that may be locked */
    }
}

static void join_spills(struct join *j, struct wn_frame *f, const struct wn_frame *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->n_spills; i++)
        if (!wn_frame_find_spill(f, &g->spills[i]) && g->spills[i].reg.type != WN_T_NUMBER) {
            j->hides |= wn_is_packet_type(g->spills[i].reg.type);
            f->blurred = true;
        }
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *other = wn_frame_find_spill(g, &f->spills[i]);
        if (!other) {
            j->hides |= wn_is_packet_type(f->spills[i].reg.type);
            f->blurred |= f->spills[i].reg.type != WN_T_NUMBER;
            continue;
        }
        struct wn_spill k = f->spills[i];
        join_reg(j, &k.reg, &other->reg);
        f->spills[n++] = k;
    }
    f->n_spills = (uint16_t)n;
    f->blurred |= g->blurred;
    for (unsigned i = 0; i < WN_FRAME_WORDS; i++)
        f->written[i] &= g->written[i];
}

static void relate_all(struct join *j, const struct wn_matters *m)
{
    for (unsigned r = 0; r < WN_R10; r++)
        if ((m->deep | m->shallow) >> r & 1)
            relate(j, &j->into->r[r], &j->from->r[r]);
    for (uint32_t f = 0; f < j->into->depth; f++) {
        const struct wn_frame *a = j->into->frames[f], *b = j->from->frames[f];
        for (unsigned i = 0; i < a->n_spills; i++) {
            const struct wn_spill *k = wn_frame_find_spill(b, &a->spills[i]);
            static const struct wn_reg nothing;
            relate(j, &a->spills[i].reg, k ? &k->reg : &nothing);
        }
        for (unsigned i = 0; f > 0 && i < WN_KEPT; i++)
            relate(j, &a->kept[i], &b->kept[i]);
    }
}

/** Of what is known of the packet behind numbers, what both know. */
static void join_rooms(struct join *j)
{
    struct wn_state *into = j->into;
    uint32_t n = 0;
    for (uint32_t i = 0; i < into->n_rooms; i++)
        for (unsigned k = 0; k < j->ids.n && !is_torn(j, into->rooms[i].id); k++) {
            if (j->ids.old[k] != into->rooms[i].id)
                continue;
            struct wn_room room = into->rooms[i];
            int64_t bytes = wn_state_room(j->from, j->ids.now[k]);
            int64_t less = wn_state_end(j->from, j->ids.now[k]);
            room.bytes = (int32_t)joined_room(j, room.bytes, bytes);
            if (less > room.less)
                room.less = j->how == WN_JOIN ? (int32_t)less : WN_NO_END;
            into->rooms[n++] = room;
        }
    into->n_rooms = n;
}

static void add_limit(struct wn_limits *l, int64_t number)
{
    unsigned i = l->n;
    while (i > 0 && l->at[i - 1] > number)
        i--;
    if (l->n == WN_MOST_LIMITS || (i > 0 && l->at[i - 1] == number))
        return;
    memmove(&l->at[i + 1], &l->at[i], (l->n - i) * sizeof l->at[0]);
    l->at[i] = number;
    l->n++;
}

void wn_limits_init(struct wn_limits *l, const struct wn_code *code)
{
    l->n = 0;
    for (uint32_t i = 0; i < code->n_ops && l->n < WN_MOST_LIMITS; i++) {
        const struct wn_op *op = &code->ops[i];
        if (wn_rows[op->id].form != WN_FORM_BRANCH_IMM)
            continue;
        for (int64_t by = -1; by <= 1; by++)
            add_limit(l, op->imm + by);
    }
}

bool wn_state_join(struct wn_state *into, const struct wn_state *from, enum wn_joining how,
                   const struct wn_limits *limits, const struct wn_matters *m, struct wn_heap *heap,
                   bool *hides)
{
    struct wn_state before = *into; /* for its rooms */
    struct join j = {.into = into, .from = from, .how = how, .limits = limits, .before = &before};
    relate_all(&j, m);
    join_rooms(&j);
    for (unsigned r = 0; r < WN_R10; r++) {
        if ((m->deep | m->shallow) >> r & 1)
            join_reg(&j, &into->r[r], &from->r[r]);
        else
            into->r[r] = wn_reg_any();
    }
    bool enough = true;
    for (uint32_t f = 0; enough && f < into->depth; f++) {
        struct wn_frame *own = wn_state_own_frame(into, f, heap);
        enough = own;
        if (own)
            join_spills(&j, own, from->frames[f]);
        for (unsigned i = 0; enough && f > 0 && i < WN_KEPT; i++)
            if (wn_matters_kept(into, f, i, m))
                join_reg(&j, &own->kept[i], &from->frames[f]->kept[i]);
            else
                own->kept[i] = wn_reg_any();
    }
    if (into->lock && !wn_pair(&j.ids, into->lock, from->lock, 0))
        into->lock = into->next_id++; /* nobody knows which */
    *hides |= j.hides;
    for (uint32_t f = 0; f < into->depth; f++)
        if (from->rounds[f] < into->rounds[f])
            into->rounds[f] = from->rounds[f];
    if (from->least < into->least)
        into->least = from->least;
    if (from->less > into->less)
        into->less = from->less;
    if (from->meta < into->meta)
        into->meta = from->meta;
    return enough;
}
