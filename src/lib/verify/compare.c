/* SPDX-License-Identifier: MIT */
#include "verify/compare.h"

#include <string.h>

#include "verify/search.h"

/* Of places that nobody will look at. */
#define ID_NOBODYS (UINT32_MAX - 1)

struct wn_matters wn_matters_at(const struct wn_live *live, uint32_t slot)
{
    return (struct wn_matters){live->deep[slot], live->shallow[slot], live->stack[slot], live};
}

bool wn_state_same_calls(const struct wn_state *a, const struct wn_state *b)
{
    if (a->depth != b->depth || a->n_held != b->n_held || a->loose != b->loose ||
        !a->lock != !b->lock)
        return false;
    for (uint32_t i = 1; i < a->depth; i++)
        if (a->frames[i]->back != b->frames[i]->back ||
            a->frames[i]->repeats != b->frames[i]->repeats)
            return false;
    return true;
}

uint64_t wn_matters_words(const struct wn_state *s, uint32_t which, const struct wn_matters *m)
{
    return which + 1 == s->depth ? m->stack : m->live->stack[s->frames[which + 1]->back];
}

bool wn_matters_kept(const struct wn_state *s, uint32_t which, unsigned i,
                     const struct wn_matters *m)
{
    uint32_t back = s->frames[which]->back;
    return (m->live->deep[back] | m->live->shallow[back]) >> (WN_R1 + i) & 1;
}

bool wn_matters_spill(const struct wn_spill *k, uint64_t words)
{
    unsigned first = (unsigned)(k->off + (int32_t)WN_STACK_FRAME);
    return words >> first / 8 & 1 || words >> (first + k->size - 1u) / 8 & 1;
}

/* ---- numbers that are linked ----------------------------------------------------------------- */

/** How often each number of a state occurs where it matters. */
struct census {
    uint32_t id[WN_MOST_PAIRS];
    uint8_t times[WN_MOST_PAIRS];
    unsigned n;
    bool full;
};

static void count_id(struct census *c, const struct wn_reg *r, unsigned times)
{
    if (!r->id || wn_may_be_missing(r->type) || r->type == WN_T_KEY || wn_is_held_type(r->type))
        return;
    for (unsigned i = 0; i < c->n; i++)
        if (c->id[i] == r->id) {
            c->times[i] = (uint8_t)(c->times[i] + times);
            return;
        }
    c->full |= c->n == WN_MOST_PAIRS;
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
        uint64_t words = wn_matters_words(s, f, m);
        for (unsigned i = 0; i < s->frames[f]->n_spills; i++) {
            const struct wn_spill *k = &s->frames[f]->spills[i];
            if (wn_matters_spill(k, words))
                count_id(c, &k->reg, wn_is_number(&k->reg) ? 1 : 2);
        }
        for (unsigned i = 0; f > 0 && i < WN_KEPT; i++)
            if (wn_matters_kept(s, f, i, m))
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

bool wn_reg_unlink(void *arg, struct wn_reg *r)
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
        wn_reg_unlink(NULL, r);
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
    uint64_t words = wn_matters_words(s, which, m);
    bool any = false;
    for (unsigned i = 0; i < f->n_spills; i++) {
        bool links = is_linked(&f->spills[i].reg) && !wn_matters_spill(&f->spills[i], words);
        if (links && cut)
            cut_link(&f->spills[i].reg);
        any |= links;
    }
    for (unsigned i = 0; which > 0 && i < WN_KEPT; i++) {
        bool links = is_linked(&f->kept[i]) && !wn_matters_kept(s, which, i, m);
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
    return wn_state_each(s, heap, is_alone, wn_reg_unlink, &c);
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

bool wn_pair(struct wn_pairs *p, uint32_t old, uint32_t now, int64_t by)
{
    if (old == 0)
        return true;
    if (now == 0 || (old == WN_ID_LENGTH) != (now == WN_ID_LENGTH))
        return false;
    for (unsigned i = 0; i < p->n; i++)
        if (p->old[i] == old)
            return p->now[i] == now && p->by[i] == by;
    if (p->n == WN_MOST_PAIRS || (old == WN_ID_LENGTH && by != 0))
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
static bool includes_place(struct wn_pairs *p, const struct wn_reg *old, const struct wn_reg *now)
{
    int64_t most = old->v.smax > (int64_t)UINT32_MAX ? old->v.smax : (int64_t)UINT32_MAX;
    int64_t by = (int64_t)now->off - old->off;
    return wn_is_near(&now->v) && now->v.smin + by >= old->v.smin && now->v.smax + by <= most &&
           wn_pair(p, old->id, now->id, by);
}

/** Addresses of the same memory. */
static bool includes_address(struct wn_pairs *p, const struct wn_reg *old, const struct wn_reg *now,
                             bool precise)
{
    int64_t by = (int64_t)now->off - old->off;
    if (old->type != now->type || old->which != now->which)
        return false;
    if (wn_may_be_missing(old->type) && (old->nullable || now->nullable))
        return old->off == now->off && value_includes(&old->v, &now->v) && old->nullable &&
               wn_pair(p, old->id, now->nullable ? now->id : ID_PRESENT, 0);
    bool place = old->type == WN_T_PACKET || old->type == WN_T_META;
    if (place && (old->id == 0) != (now->id == 0))
        return false;
    if (place && old->id && !precise)
        return includes_place(p, old, now);
    if (by == 0)
        return value_includes(&old->v, &now->v) && wn_pair(p, old->id, now->id, 0);
    if (wn_value_is_const(&old->v))
        return false;
    struct wn_value moved = wn_value_plus(&now->v, by);
    return wn_value_includes(&old->v, &moved) && wn_pair(p, old->id, now->id, by);
}

/** The same one of what is held. */
static bool includes_record(const struct wn_pairs *p, const struct wn_reg *old,
                            const struct wn_reg *now)
{
    return old->type == now->type && old->which == now->which && old->nullable == now->nullable &&
           old->off == now->off && value_includes(&old->v, &now->v) &&
           wn_state_hold_same(p->of, old->id, p->in, now->id);
}

/** Numbers that something else may be linked with. */
static bool includes_link(struct wn_pairs *p, const struct wn_reg *old, const struct wn_reg *now)
{
    return !old->id || (old->shifted == now->shifted &&
                        wn_pair(p, old->id, now->id, (int64_t)now->off - old->off));
}

static bool includes(struct wn_pairs *p, const struct wn_reg *old, const struct wn_reg *now,
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
    case WN_T_KEY:
    case WN_T_FUNC:
    case WN_TYPES: break;
    case WN_T_RECORD: return includes_record(p, old, now);
    }
    return includes_address(p, old, now, precise);
}

const struct wn_spill *wn_frame_find_spill(const struct wn_frame *f, const struct wn_spill *k)
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
        const struct wn_spill *other = wn_frame_find_spill(old, k);
        if (wn_is_packet_type(k->reg.type) && !(other && wn_is_packet_type(other->reg.type)))
            return true;
    }
    return false;
}

static bool frame_includes(struct wn_pairs *p, const struct wn_frame *old,
                           const struct wn_frame *now, uint64_t words, uint64_t precise)
{
    p->hides |= keeps_more(old, now);
    if (!words)
        return true;
    if (now->blurred && !old->blurred)
        return false;
    for (unsigned i = 0; i < old->n_spills; i++) {
        const struct wn_spill *k = &old->spills[i];
        if (!wn_matters_spill(k, words))
            continue;
        const struct wn_spill *other = wn_frame_find_spill(now, k);
        if (other && includes(p, &k->reg, &other->reg, wn_matters_spill(k, precise)))
            continue;
        if (other || wn_matters_spill(k, precise) || k->reg.type != WN_T_NUMBER || now->blurred ||
            overlaps(now, k))
            return false;
    }
    for (unsigned i = 0; i < now->n_spills && !old->blurred; i++) {
        const struct wn_spill *k = &now->spills[i];
        if (k->reg.type != WN_T_NUMBER && wn_matters_spill(k, words) &&
            !wn_frame_find_spill(old, k))
            return false;
    }
    return true;
}

static bool frames_include(struct wn_pairs *p, const struct wn_state *old,
                           const struct wn_state *now, const struct wn_matters *m,
                           const struct wn_marks *precise)
{
    for (uint32_t f = 0; f < now->depth; f++) {
        /* If they are the same frame, what it keeps may still be linked with something else. */
        const struct wn_frame *a = old->frames[f], *b = now->frames[f];
        if (!frame_includes(p, a, b, wn_matters_words(now, f, m), precise->words[f]))
            return false;
        for (unsigned i = 0; f > 0 && i < WN_KEPT; i++)
            if (wn_matters_kept(now, f, i, m) &&
                !includes(p, &a->kept[i], &b->kept[i], precise->regs[f - 1] >> (WN_R1 + i) & 1))
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
    struct wn_pairs p;
    uint32_t top = now->depth - 1;
    p.of = old;
    p.in = now;
    p.n = 0;
    p.hides = false;
    if (m->deep >> *clash & 1 &&
        !includes(&p, &old->r[*clash], &now->r[*clash], precise->regs[top] >> *clash & 1))
        return false;
    p.n = 0;
    p.hides = false;
    if (!wn_pair(&p, old->lock, now->lock, 0))
        return false;
    for (uint32_t f = 0; f < now->depth; f++)
        if (old->rounds[f] > now->rounds[f]) /* fewer may follow */
            return false;
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
        const struct wn_spill *k = wn_frame_find_spill(g, &f->spills[i]);
        if (wn_matters_spill(&f->spills[i], m->stack) && k &&
            !same_type(&f->spills[i].reg, &k->reg))
            return false;
    }
    return true;
}
