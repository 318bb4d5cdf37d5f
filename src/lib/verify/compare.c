/* SPDX-License-Identifier: MIT */
#include "verify/compare.h"

#include <string.h>

#include "verify/search.h"

#define MOST_IDS   64u
#define MOST_FOLDS 16u

/* Of places that nobody will look at. */
#define ID_NOBODYS (UINT32_MAX - 1)

struct wn_matters wn_matters_at(const struct wn_live *live, uint32_t slot)
{
    return (struct wn_matters){live->deep[slot], live->shallow[slot], live->stack[slot], live};
}

bool wn_state_same_calls(const struct wn_state *a, const struct wn_state *b)
{
    if (a->depth != b->depth)
        return false;
    for (uint32_t i = 1; i < a->depth; i++)
        if (a->frames[i]->back != b->frames[i]->back)
            return false;
    return true;
}

/** What matters of the frame `which` of a state: of all but the last one when they are returned to.
 */
static uint64_t words_of(const struct wn_state *s, uint32_t which, const struct wn_matters *m)
{
    return which + 1 == s->depth ? m->stack : m->live->stack[s->frames[which + 1]->back];
}

/** Whether register 6 + i of a caller, kept in its callee's frame, matters when that returns. */
static bool kept_matters(const struct wn_state *s, uint32_t which, unsigned i,
                         const struct wn_matters *m)
{
    uint32_t back = s->frames[which]->back;
    return (m->live->deep[back] | m->live->shallow[back]) >> (WN_R6 + i) & 1;
}

static bool spill_matters(const struct wn_spill *k, uint64_t words)
{
    unsigned first = (unsigned)(k->off + (int32_t)WN_STACK_FRAME);
    return words >> first / 8 & 1 || words >> (first + k->size - 1u) / 8 & 1;
}

/* ---- numbers that are linked ----------------------------------------------------------------- */

/** How often each number of a state occurs where it matters. */
struct census {
    uint32_t id[MOST_IDS];
    uint8_t times[MOST_IDS];
    unsigned n;
    bool full;
};

static void count_id(struct census *c, const struct wn_reg *r, unsigned times)
{
    if (!r->id || r->type == WN_T_VALUE)
        return;
    for (unsigned i = 0; i < c->n; i++)
        if (c->id[i] == r->id) {
            c->times[i] = (uint8_t)(c->times[i] + times);
            return;
        }
    c->full |= c->n == MOST_IDS;
    if (!c->full) {
        c->id[c->n] = r->id;
        c->times[c->n++] = (uint8_t)times;
    }
}

static void take_census(struct census *c, const struct wn_state *s, const struct wn_matters *m)
{
    for (unsigned r = 0; r < WN_R10; r++)
        if (m->deep >> r & 1)
            count_id(c, &s->r[r], wn_is_number(&s->r[r]) ? 1 : 2);
    for (uint32_t f = 0; f < s->depth; f++) {
        uint64_t words = words_of(s, f, m);
        for (unsigned i = 0; i < s->frames[f]->n_spills; i++) {
            const struct wn_spill *k = &s->frames[f]->spills[i];
            if (spill_matters(k, words))
                count_id(c, &k->reg, wn_is_number(&k->reg) ? 1 : 2);
        }
        for (unsigned i = 0; f > 0 && i < 4; i++)
            if (kept_matters(s, f, i, m))
                count_id(c, &s->frames[f]->kept[i], wn_is_number(&s->frames[f]->kept[i]) ? 1 : 2);
    }
    for (uint32_t i = 0; i < s->n_rooms; i++) {
        struct wn_reg room = {.id = s->rooms[i].id};
        for (unsigned k = 0; k < c->n; k++)
            if (c->id[k] == room.id)
                c->times[k]++;
    }
}

static bool is_alone(const void *arg, const struct wn_reg *r)
{
    const struct census *c = arg;
    if (!wn_is_number(r) || !r->id || r->id == WN_ID_LENGTH)
        return false;
    for (unsigned i = 0; i < c->n; i++)
        if (c->id[i] == r->id)
            return c->times[i] < 2;
    return !c->full;
}

static bool unlink_number(void *arg, struct wn_reg *r)
{
    (void)arg;
    r->id = 0;
    r->off = 0;
    r->shifted = 0;
    return true;
}

/** Whether something that nobody looks at when states are compared could still tell what a number
 * is. */
static bool is_linked(const struct wn_reg *r)
{
    bool linked = wn_is_number(r) || r->type == WN_T_PACKET || r->type == WN_T_META;
    return linked && r->id && r->id != ID_NOBODYS;
}

static void cut_link(struct wn_reg *r)
{
    if (wn_is_number(r)) {
        unlink_number(NULL, r);
    } else {
        r->id = ID_NOBODYS;
        r->v = wn_value_unknown();
    }
}

/** Cut what does not matter of a frame off, if `cut`; whether there is anything. */
static bool cut_links_of_frame(const struct wn_state *s, uint32_t which, const struct wn_matters *m,
                               bool cut)
{
    struct wn_frame *f = s->frames[which];
    uint64_t words = words_of(s, which, m);
    bool any = false;
    for (unsigned i = 0; i < f->n_spills; i++) {
        bool links = is_linked(&f->spills[i].reg) && !spill_matters(&f->spills[i], words);
        if (links && cut)
            cut_link(&f->spills[i].reg);
        any |= links;
    }
    for (unsigned i = 0; which > 0 && i < 4; i++) {
        bool links = is_linked(&f->kept[i]) && !kept_matters(s, which, i, m);
        if (links && cut)
            cut_link(&f->kept[i]);
        any |= links;
    }
    return any;
}

/** Let nothing be linked with what does not matter: states that are like this one may differ in
 * that. */
static bool cut_links(struct wn_state *s, const struct wn_matters *m, struct wn_heap *heap)
{
    for (unsigned r = 0; r < WN_R10; r++)
        if (!(m->deep >> r & 1) && is_linked(&s->r[r]))
            cut_link(&s->r[r]);
    for (uint32_t f = 0; f < s->depth; f++) {
        if (!cut_links_of_frame(s, f, m, false))
            continue;
        if (!wn_state_own_frame(s, f, heap))
            return false;
        cut_links_of_frame(s, f, m, true);
    }
    return true;
}

bool wn_state_tidy(struct wn_state *s, const struct wn_matters *m, struct wn_heap *heap)
{
    struct census c = {.n = 0};
    if (!cut_links(s, m, heap))
        return false;
    if (s->next_id == WN_ID_LENGTH + 1) /* nothing has ever been linked */
        return true;
    take_census(&c, s, m);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_rooms; i++) {
        bool known = c.full;
        for (unsigned k = 0; k < c.n; k++)
            known |= c.id[k] == s->rooms[i].id;
        if (known)
            s->rooms[n++] = s->rooms[i];
    }
    s->n_rooms = n;
    return wn_state_each(s, heap, is_alone, unlink_number, &c);
}

/* ---- inclusion ------------------------------------------------------------------------------- */

/** As wn_value_includes(), quick where values are the same or both constant, as most are. */
static inline bool value_includes(const struct wn_value *old, const struct wn_value *now)
{
    if (wn_value_is_const(old))
        return wn_value_is_const(now) && old->bits.value == now->bits.value;
    return wn_value_includes(old, now);
}

/* Of values that may be missing in the old state and are there in the new one: if one of a lookup
 * is, all of it are. */
#define ID_PRESENT UINT32_MAX

/** Which number of the new state, plus `by`, each of the old one is. */
struct pairs {
    uint32_t old[MOST_IDS], now[MOST_IDS];
    int64_t by[MOST_IDS];
    unsigned n;
    bool hides; /* an address of the packet is allowed by what may be anything */
};

static bool pair(struct pairs *p, uint32_t old, uint32_t now, int64_t by)
{
    if (old == 0)
        return true;
    if (now == 0 || (old == WN_ID_LENGTH) != (now == WN_ID_LENGTH))
        return false;
    for (unsigned i = 0; i < p->n; i++)
        if (p->old[i] == old)
            return p->now[i] == now && p->by[i] == by;
    if (p->n == MOST_IDS || (old == WN_ID_LENGTH && by != 0))
        return false;
    p->old[p->n] = old;
    p->by[p->n] = by;
    p->now[p->n++] = now;
    return true;
}

/**
 * A place in the packet, where nothing depends on how far away it can be. What was compared with
 * the packet's end holds of any number that is not so large that addresses wrap; no way is so long
 * that what is let pass here adds up to that.
 */
static bool includes_place(struct pairs *p, const struct wn_reg *old, const struct wn_reg *now)
{
    int64_t most = old->v.smax > (int64_t)UINT32_MAX ? old->v.smax : (int64_t)UINT32_MAX;
    int64_t by = (int64_t)now->off - old->off;
    return wn_is_near(&now->v) && now->v.smin + by >= old->v.smin && now->v.smax + by <= most &&
           pair(p, old->id, now->id, by);
}

/** Addresses of the same memory. */
static bool includes_address(struct pairs *p, const struct wn_reg *old, const struct wn_reg *now,
                             bool precise)
{
    int64_t by = (int64_t)now->off - old->off;
    if (old->type != now->type || old->which != now->which)
        return false;
    if (old->type == WN_T_VALUE && (old->nullable || now->nullable))
        return old->off == now->off && value_includes(&old->v, &now->v) && old->nullable &&
               pair(p, old->id, now->nullable ? now->id : ID_PRESENT, 0);
    bool place = old->type == WN_T_PACKET || old->type == WN_T_META;
    if (place && (old->id == 0) != (now->id == 0))
        return false;
    if (place && old->id && !precise)
        return includes_place(p, old, now);
    if (by == 0)
        return value_includes(&old->v, &now->v) && pair(p, old->id, now->id, 0);
    if (wn_value_is_const(&old->v))
        return false;
    struct wn_value moved = wn_value_plus(&now->v, by);
    return wn_value_includes(&old->v, &moved) && pair(p, old->id, now->id, by);
}

/** Numbers that something else may be linked with. */
static bool includes_link(struct pairs *p, const struct wn_reg *old, const struct wn_reg *now)
{
    return !old->id || (old->shifted == now->shifted &&
                        pair(p, old->id, now->id, (int64_t)now->off - old->off));
}

static bool includes(struct pairs *p, const struct wn_reg *old, const struct wn_reg *now,
                     bool precise)
{
    if (!precise && wn_is_number(old) && wn_is_number(now))
        return old->type == now->type || old->type == WN_T_ANY;
    switch ((enum wn_type)old->type) {
    case WN_T_NONE: return true; /* nobody can have read it */
    case WN_T_ANY:
        p->hides |= wn_is_packet_type(now->type);
        if (!wn_is_number(now))
            return now->type != WN_T_NONE && wn_value_is_unknown(&old->v) && !old->id;
        return value_includes(&old->v, &now->v) && includes_link(p, old, now);
    case WN_T_NUMBER:
        return now->type == WN_T_NUMBER && value_includes(&old->v, &now->v) &&
               includes_link(p, old, now);
    case WN_T_CONTEXT:
    case WN_T_STACK:
    case WN_T_PACKET:
    case WN_T_META:
    case WN_T_END:
    case WN_T_MAP:
    case WN_T_VALUE:
    case WN_T_FUNC:
    case WN_TYPES: break;
    }
    return includes_address(p, old, now, precise);
}

static const struct wn_spill *find_spill(const struct wn_frame *f, const struct wn_spill *k)
{
    for (unsigned i = 0; i < f->n_spills; i++)
        if (f->spills[i].off == k->off && f->spills[i].size == k->size)
            return &f->spills[i];
    return NULL;
}

/** Whether something else than a number is kept where `k` is. */
static bool overlaps(const struct wn_frame *f, const struct wn_spill *k)
{
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *other = &f->spills[i];
        bool apart = other->off + other->size <= k->off || k->off + k->size <= other->off;
        if (!apart && other->reg.type != WN_T_NUMBER)
            return true;
    }
    return false;
}

/** Whether a frame keeps an address of the packet where the other one does not: nobody loads it as
 * such, but helpers may read it. */
static bool keeps_more(const struct wn_frame *old, const struct wn_frame *now)
{
    for (unsigned i = 0; i < now->n_spills; i++) {
        const struct wn_spill *k = &now->spills[i];
        const struct wn_spill *other = find_spill(old, k);
        if (wn_is_packet_type(k->reg.type) && !(other && wn_is_packet_type(other->reg.type)))
            return true;
    }
    return false;
}

static bool frame_includes(struct pairs *p, const struct wn_frame *old, const struct wn_frame *now,
                           uint64_t words, uint64_t precise)
{
    p->hides |= keeps_more(old, now);
    if (!words)
        return true;
    if (now->blurred && !old->blurred)
        return false;
    for (unsigned i = 0; i < old->n_spills; i++) {
        const struct wn_spill *k = &old->spills[i];
        if (!spill_matters(k, words))
            continue;
        const struct wn_spill *other = find_spill(now, k);
        if (other && includes(p, &k->reg, &other->reg, spill_matters(k, precise)))
            continue;
        if (other || spill_matters(k, precise) || k->reg.type != WN_T_NUMBER || now->blurred ||
            overlaps(now, k))
            return false;
    }
    for (unsigned i = 0; i < now->n_spills && !old->blurred; i++) {
        const struct wn_spill *k = &now->spills[i];
        if (k->reg.type != WN_T_NUMBER && spill_matters(k, words) && !find_spill(old, k))
            return false;
    }
    return true;
}

static bool frames_include(struct pairs *p, const struct wn_state *old, const struct wn_state *now,
                           const struct wn_matters *m, const struct wn_marks *precise)
{
    for (uint32_t f = 0; f < now->depth; f++) {
        /* If they are the same frame, what it keeps may still be linked with something else. */
        const struct wn_frame *a = old->frames[f], *b = now->frames[f];
        if (!frame_includes(p, a, b, words_of(now, f, m), precise->words[f]))
            return false;
        for (unsigned i = 0; f > 0 && i < 4; i++)
            if (kept_matters(now, f, i, m) &&
                !includes(p, &a->kept[i], &b->kept[i], precise->regs[f - 1] >> (WN_R6 + i) & 1))
                return false;
    }
    return true;
}

/** Whether as much is known of the packet behind a number, plus `by`, as `room` says. */
static bool knows_room(const struct wn_state *s, uint32_t id, int64_t by,
                       const struct wn_room *room)
{
    if (room->bytes != WN_NO_ROOM && wn_state_room(s, id) < room->bytes + by)
        return false;
    return room->less == WN_NO_END || wn_state_end(s, id) <= room->less + by;
}

bool wn_state_includes(const struct wn_state *old, const struct wn_state *now,
                       const struct wn_matters *m, const struct wn_marks *precise, uint32_t needs,
                       uint8_t *clash, bool *hides)
{
    struct pairs p;
    uint32_t top = now->depth - 1;
    p.n = 0;
    p.hides = false;
    if (m->deep >> *clash & 1 &&
        !includes(&p, &old->r[*clash], &now->r[*clash], precise->regs[top] >> *clash & 1))
        return false;
    p.n = 0;
    p.hides = false;
    if (needs > now->least || old->meta > now->meta || old->less < now->less)
        return false;
    for (uint32_t deep = m->deep; deep; deep &= deep - 1) {
        unsigned r = (unsigned)__builtin_ctz(deep);
        if (!includes(&p, &old->r[r], &now->r[r], precise->regs[top] >> r & 1)) {
            *clash = (uint8_t)r;
            return false;
        }
    }
    for (uint32_t shallow = m->shallow & ~m->deep; shallow; shallow &= shallow - 1) {
        unsigned r = (unsigned)__builtin_ctz(shallow);
        if (old->r[r].type != WN_T_NONE && now->r[r].type == WN_T_NONE)
            return false;
        p.hides |= wn_is_packet_type(now->r[r].type);
    }
    if (!frames_include(&p, old, now, m, precise))
        return false;
    for (uint32_t i = 0; i < old->n_rooms; i++)
        for (unsigned k = 0; k < p.n; k++)
            if (p.old[k] == old->rooms[i].id && !knows_room(now, p.now[k], p.by[k], &old->rooms[i]))
                return false;
    *hides |= p.hides;
    return true;
}

/** Numbers that functions return to say how they went, and flags that are not set: 0, or the number
 * of an error. */
static bool says_how(const struct wn_reg *r)
{
    return r->type == WN_T_NUMBER && wn_value_is_const(&r->v) && r->v.smax <= 0 &&
           r->v.smin >= -4095;
}

/** States are kept apart by what their registers hold. */
static bool same_type(const struct wn_reg *a, const struct wn_reg *b)
{
    if (says_how(a) != says_how(b) || (says_how(a) && a->v.smin != b->v.smin))
        return false;
    if (a->type <= WN_T_ANY) /* `which` is about their past */
        return a->type == b->type;
    return a->type == b->type && a->which == b->which && a->nullable == b->nullable;
}

bool wn_state_same_types(const struct wn_state *a, const struct wn_state *b,
                         const struct wn_matters *m)
{
    for (uint32_t deep = m->deep; deep; deep &= deep - 1) {
        unsigned r = (unsigned)__builtin_ctz(deep);
        if (!same_type(&a->r[r], &b->r[r]))
            return false;
    }
    /* Of what is only kept or returned it matters that there is something. */
    for (uint32_t shallow = m->shallow & ~m->deep; shallow; shallow &= shallow - 1) {
        unsigned r = (unsigned)__builtin_ctz(shallow);
        if ((a->r[r].type == WN_T_NONE) != (b->r[r].type == WN_T_NONE))
            return false;
    }
    uint32_t last = a->depth - 1;
    const struct wn_frame *f = a->frames[last], *g = b->frames[last];
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *k = find_spill(g, &f->spills[i]);
        if (spill_matters(&f->spills[i], m->stack) && k && !same_type(&f->spills[i].reg, &k->reg))
            return false;
    }
    return true;
}

/* ---- joining --------------------------------------------------------------------------------- */

struct join {
    struct wn_state *into;
    const struct wn_state *from;
    enum wn_joining how;
    const struct wn_limits *limits;
    struct pairs ids;        /* of `into` and `from` */
    uint32_t torn[MOST_IDS]; /* of `into`: not the same number everywhere */
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
    if (!a->id || is_torn(j, a->id))
        return;
    if (alike && pair(&j->ids, a->id, b->id, 0))
        return;
    if (j->n_torn < MOST_IDS)
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
            unlink_number(NULL, a);
        if (!a->id && a->type == WN_T_NUMBER && room_a >= 0 && room_b >= 0)
            fold_number(j, a, room_a, room_b);
        return;
    }
    if (a->type != b->type || a->which != b->which) {
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
    if (a->off != b->off && (a->type == WN_T_STACK || a->type == WN_T_VALUE)) {
        struct wn_value va = wn_value_plus(&a->v, a->off), vb = wn_value_plus(&b->v, b->off);
        a->v = joined(j, &va, &vb);
        a->off = 0;
    } else if (a->off != b->off) {
        forget(j, a, b);
        return;
    } else {
        a->v = joined(j, &a->v, &b->v);
    }
    if (a->type == WN_T_VALUE && (a->nullable || b->nullable)) {
        if (!a->nullable || is_torn(j, a->id))
            a->id = j->into->next_id++;
        a->nullable = true;
    }
}

static void join_spills(struct join *j, struct wn_frame *f, const struct wn_frame *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->n_spills; i++)
        if (!find_spill(f, &g->spills[i]) && g->spills[i].reg.type != WN_T_NUMBER) {
            j->hides |= wn_is_packet_type(g->spills[i].reg.type);
            f->blurred = true;
        }
    for (unsigned i = 0; i < f->n_spills; i++) {
        const struct wn_spill *other = find_spill(g, &f->spills[i]);
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
            const struct wn_spill *k = find_spill(b, &a->spills[i]);
            static const struct wn_reg nothing;
            relate(j, &a->spills[i].reg, k ? &k->reg : &nothing);
        }
        for (unsigned i = 0; f > 0 && i < 4; i++)
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
        for (unsigned i = 0; enough && f > 0 && i < 4; i++)
            if (kept_matters(into, f, i, m))
                join_reg(&j, &own->kept[i], &from->frames[f]->kept[i]);
            else
                own->kept[i] = wn_reg_any();
    }
    *hides |= j.hides;
    if (from->least < into->least)
        into->least = from->least;
    if (from->less > into->less)
        into->less = from->less;
    if (from->meta < into->meta)
        into->meta = from->meta;
    return enough;
}
