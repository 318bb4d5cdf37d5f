/* SPDX-License-Identifier: MIT */
/** What branches say: of numbers, of the packet's length, of values that may be missing. */
#include "verify/search.h"

/* ---- numbers that are the same --------------------------------------------------------------- */

/** What has been learned of one number. */
struct learned {
    uint32_t id;
    const struct wn_value *base; /* of the number itself, without any `off` */
    uint32_t times;              /* it was met */
    bool raised; /* a place is farther behind the packet's first byte than was known */
};

static bool is_linked(const void *arg, const struct wn_reg *r)
{
    const struct learned *l = arg;
    if (r->id != l->id || (r->shifted && r->shifted != WN_LINK_HALF))
        return false;
    return (r->type == WN_T_NUMBER || r->type == WN_T_PACKET || r->type == WN_T_META);
}

static bool apply(void *arg, struct wn_reg *r)
{
    struct learned *l = arg;
    l->times++;
    struct wn_value v = *l->base;
    if (r->shifted == WN_LINK_HALF) {
        struct wn_value off = wn_value_const((uint64_t)(int64_t)r->off);
        struct wn_value sum = wn_value_plus(&v, r->off);
        v = wn_value_compute(WN_OP_ADD32_X, &v, &off);
        if (sum.smin >= 0 && sum.smax <= (int64_t)UINT32_MAX)
            r->shifted = WN_LINK_EXACT;
    } else if (wn_is_number(r)) {
        v = wn_value_plus(&v, r->off);
    }
    int64_t least = r->v.smin;
    bool possible = wn_value_meet(&r->v, &v);
    l->raised |= !wn_is_number(r) && r->v.smin > least;
    return possible;
}

bool wn_learn_number(struct wn_search *q, uint32_t id, int32_t off, const struct wn_value *v)
{
    struct wn_value base = wn_value_plus(v, -(int64_t)off);
    struct learned l = {.id = id, .base = &base};
    if (id == WN_ID_LENGTH && base.smin > 0) {
        wn_state_learn_room(&q->s, 0, base.smin);
        q->says_place = true;
    }
    int64_t room = wn_state_room(&q->s, id);
    if (id != WN_ID_LENGTH && room > WN_NO_ROOM && base.smin > 0 && base.smin <= WN_FARTHEST &&
        base.smin + room > (int64_t)q->s.least) {
        wn_state_learn_room(&q->s, 0, base.smin + room);
        q->says_place = true;
    }
    bool possible = wn_state_each(&q->s, &q->heap, is_linked, apply, &l) || q->heap.out;
    if (l.times > 1)
        q->flags |= WN_STEP_LINKED;
    q->says_place |=
        l.raised; /* where places begin counts although nothing is said to depend on it */
    q->all_precise |= !possible;
    return possible;
}

/** Put what was learned of an operand back; false if no number is left. */
static bool put(struct wn_search *q, unsigned reg, const struct wn_value *v)
{
    struct wn_reg *r = &q->s.r[reg];
    uint32_t id = r->shifted ? 0 : r->id;
    r->v = *v;
    return id == 0 || r->type != WN_T_NUMBER || wn_learn_number(q, id, r->off, v);
}

/* ---- orders ---------------------------------------------------------------------------------- */

/** What a branch says of the order of its operands: a <= b, a < b, and the other way around. */
struct order {
    bool a_first, b_first; /* a <= b; b <= a */
    bool strict;
    bool is_signed;
};

static struct order order_of(enum wn_op_id id, bool taken)
{
#define ROWS(name)                                                                                 \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X:                                                                       \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X
    switch (id) {
        ROWS(JEQ) : return (struct order){taken, taken, false, false};
        ROWS(JNE) : return (struct order){!taken, !taken, false, false};
        ROWS(JGT) : return (struct order){!taken, taken, taken, false};
        ROWS(JGE) : return (struct order){!taken, taken, !taken, false};
        ROWS(JLT) : return (struct order){taken, !taken, taken, false};
        ROWS(JLE) : return (struct order){taken, !taken, !taken, false};
        ROWS(JSGT) : return (struct order){!taken, taken, taken, true};
        ROWS(JSGE) : return (struct order){!taken, taken, !taken, true};
        ROWS(JSLT) : return (struct order){taken, !taken, taken, true};
        ROWS(JSLE) : return (struct order){taken, !taken, !taken, true};
    default: return (struct order){false, false, false, false};
    }
#undef ROWS
}

/** Whether this is the packet's end, as an address or as a number. */
static bool is_end(const struct wn_reg *r)
{
    return r->type == WN_T_END || (r->type == WN_T_NUMBER && r->id == WN_ID_LENGTH && !r->shifted);
}

/** Whether this is a place in the packet: an address, or a number that is linked with some. Numbers
 * count from its beginning like addresses. */
static bool is_place(const struct wn_reg *r)
{
    if (r->shifted || !wn_is_near(&r->v) || r->id == WN_ID_LENGTH)
        return false;
    return r->type == WN_T_PACKET || (r->type == WN_T_NUMBER && r->id);
}

/** Whether an address is not so far before the packet's first byte that it wraps, whatever that
 * byte's address is: it is not before it at all. Numbers do not get here if they wrap. */
static bool is_whole(struct wn_search *q, const struct wn_reg *r)
{
    if (wn_is_number(r))
        return true;
    if (r->type != WN_T_END)
        return r->v.smin + r->off >= 0;
    if (r->off < 0)
        wn_need(q, -(int64_t)r->off);
    return (int64_t)r->off + q->s.least >= 0;
}

/** A place is not behind the packet's end, or if `strict` before it; false if that cannot be. */
static bool learn_inside(struct wn_search *q, const struct wn_reg *place, const struct wn_reg *end,
                         bool strict)
{
    int64_t bytes = (int64_t)place->off + strict - end->off;
    if (bytes >= wn_state_end(&q->s, place->id))
        return false;
    wn_state_learn_room(&q->s, place->id, bytes);
    if (!place->id)
        return true;
    /* No packet is longer than 32 bits say, so neither is what lies within. */
    struct wn_value most = wn_value_unknown();
    most.smin = place->v.smin - (place->type == WN_T_PACKET ? 0 : place->off);
    most.smax = (int64_t)UINT32_MAX - bytes;
    return wn_value_settle(&most) && wn_learn_number(q, place->id, 0, &most);
}

/** A place is not before the packet's end, or if `strict` behind it. */
static bool learn_outside(struct wn_search *q, const struct wn_reg *place, const struct wn_reg *end,
                          bool strict)
{
    int64_t less = (int64_t)place->off - end->off + 1 - strict;
    if (less <= wn_state_room(&q->s, place->id)) {
        if (!place->id)
            wn_need(q, less);
        return false;
    }
    wn_state_learn_end(&q->s, place->id, less);
    return true;
}

/** A place is not behind another one, of which something is known how far it is from the end. */
static bool learn_before(struct wn_search *q, const struct wn_reg *low, const struct wn_reg *high,
                         bool strict)
{
    int64_t room = wn_state_room(&q->s, high->id);
    int64_t bytes = (int64_t)low->off + strict - high->off + room;
    if (room == WN_NO_ROOM || bytes <= wn_state_room(&q->s, low->id))
        return true;
    if (!high->id)
        wn_need(q, room);
    q->says_place = true;
    struct wn_reg end = {.type = WN_T_END, .off = (int32_t)(low->off + strict - bytes)};
    return learn_inside(q, low, &end, strict);
}

/** low <= high, or low < high. What wraps is larger than all that does not. */
static bool learn_place(struct wn_search *q, const struct wn_reg *low, const struct wn_reg *high,
                        bool strict)
{
    q->says_place |= is_end(high) || is_end(low);
    if (wn_is_number(low) != wn_is_number(high))
        return true;
    if (is_end(high) && is_place(low))
        return !is_whole(q, high) || learn_inside(q, low, high, strict);
    if (is_end(low) && is_place(high))
        return !is_whole(q, high) || learn_outside(q, high, low, strict);
    if (is_place(low) && is_place(high) && low->type == high->type)
        return !is_whole(q, high) || learn_before(q, low, high, strict);
    return true;
}

static void learn_meta(struct wn_search *q, const struct wn_reg *low, const struct wn_reg *high,
                       bool strict)
{
    if (low->type != WN_T_META || high->type != WN_T_PACKET || low->id || high->id || high->off < 0)
        return;
    int64_t bytes = (int64_t)low->off + strict - high->off;
    if (bytes > (int64_t)q->s.meta && bytes <= WN_FARTHEST)
        q->s.meta = (uint32_t)bytes;
}

/** Whether a comparison sees the numbers themselves: none of them is negative, or cut. */
static bool is_plain(const struct wn_reg *r, const struct order *o, bool half)
{
    if (!wn_is_number(r))
        return !half && !o->is_signed;
    if (half)
        return r->v.umax <= (o->is_signed ? INT32_MAX : UINT32_MAX);
    return o->is_signed ? wn_is_near(&r->v) : r->v.smin >= 0 && wn_is_near(&r->v);
}

static bool learn_order(struct wn_search *q, enum wn_op_id id, bool taken, const struct wn_reg *a,
                        const struct wn_reg *b)
{
    struct order o = order_of(id, taken);
    bool half = wn_opcode_is32(wn_rows[id].opcode);
    if ((!o.a_first && !o.b_first) || !is_plain(a, &o, half) || !is_plain(b, &o, half))
        return true;
    if (o.a_first) {
        learn_meta(q, a, b, o.strict);
        if (!learn_place(q, a, b, o.strict))
            return false;
    }
    if (o.b_first) {
        learn_meta(q, b, a, o.strict);
        if (!learn_place(q, b, a, o.strict))
            return false;
    }
    return true;
}

/* ---- values that may be missing -------------------------------------------------------------- */

struct lookup {
    const struct wn_verify_env *env;
    uint32_t id;
    bool missing;
};

static bool is_of_lookup(const void *arg, const struct wn_reg *r)
{
    const struct lookup *l = arg;
    bool may_be = wn_may_be_missing(r->type) || wn_is_held_type(r->type);
    return may_be && r->nullable && r->id == l->id;
}

static bool settle_lookup(void *arg, struct wn_reg *r)
{
    const struct lookup *l = arg;
    uint32_t map = r->which;
    bool value = wn_may_be_missing(r->type);
    if (l->missing) {
        *r = wn_reg_const(0);
        r->past = value ? WN_PAST_MISSING : WN_PAST_NONE;
        r->which = value ? map : 0;
    }
    r->nullable = false;
    if (value && (l->missing || !l->env->maps[map].has_lock))
        r->id = 0;
    return true;
}

/** Compare an address with a constant: with 0 for most. */
static bool learn_null(struct wn_search *q, const struct wn_op *op, bool taken,
                       const struct wn_reg *p, const struct wn_reg *n)
{
    bool equal = op->id == WN_OP_JEQ64_K || op->id == WN_OP_JEQ64_X;
    bool different = op->id == WN_OP_JNE64_K || op->id == WN_OP_JNE64_X;
    if ((!equal && !different) || !wn_value_is_const(&n->v) || n->v.bits.value != 0)
        return true;
    bool is_null = equal == taken;
    if ((wn_may_be_missing(p->type) || wn_is_held_type(p->type)) && p->nullable) {
        struct lookup l = {q->env, p->id, is_null};
        if (is_null && wn_is_held_type(p->type))
            wn_state_release(&q->s, p->id);
        return wn_state_each(&q->s, &q->heap, is_of_lookup, settle_lookup, &l) || q->heap.out;
    }
    /* Nothing begins so low that a small distance before it is 0. */
    bool near = wn_value_is_const(&p->v) && p->off > -(int32_t)WN_SMALLEST_ADDRESS;
    switch ((enum wn_type)p->type) {
    case WN_T_CONTEXT:
    case WN_T_STACK: return !is_null || !near;
    case WN_T_MAP: return !is_null;
    case WN_T_VALUE:
    case WN_T_KEY:
    case WN_T_RECORD: return !is_null || p->off != 0 || !near;
    default: return true;
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool learn(struct wn_search *q, const struct wn_op *op, bool taken)
{
    bool by_register = wn_rows[op->id].form == WN_FORM_BRANCH_REG;
    enum wn_op_id id = (enum wn_op_id)op->id;
    struct wn_reg a = wn_state_reg(&q->s, op->a);
    struct wn_reg b =
        by_register ? wn_state_reg(&q->s, op->b) : wn_reg_const((uint64_t)(int64_t)op->imm);
    if (by_register && op->a == op->b)
        return true;
    if (!wn_is_number(&a) && wn_is_number(&b))
        return learn_order(q, id, taken, &a, &b) && learn_null(q, op, taken, &a, &b);
    if (!wn_is_number(&b) && wn_is_number(&a))
        return learn_order(q, id, taken, &a, &b) && learn_null(q, op, taken, &b, &a);
    if (!wn_is_number(&a))
        return learn_order(q, id, taken, &a, &b);
    if (!wn_value_refine(id, taken, &a.v, &b.v))
        return false;
    if (!put(q, op->a, &a.v) || (by_register && !put(q, op->b, &b.v)))
        return false;
    /* What compares with the length is given a number of its own, so that it can be linked. */
    for (unsigned side = 0; by_register && side < 2; side++) {
        unsigned number = side ? op->b : op->a;
        const struct wn_reg *other = &q->s.r[side ? op->a : op->b];
        struct wn_reg *r = &q->s.r[number];
        if (other->id == WN_ID_LENGTH && r->type == WN_T_NUMBER && !r->id &&
            !wn_value_is_const(&r->v))
            r->id = wn_new_id(q);
    }
    a = q->s.r[op->a];
    if (by_register)
        b = q->s.r[op->b];
    return learn_order(q, id, taken, &a, &b);
}

/** Whether a comparison comes out the same wherever the packet is: of two of its addresses, neither
 * of which may have wrapped, or with 0. */
static bool is_relative(struct wn_search *q, enum wn_op_id id, const struct wn_reg *a,
                        const struct wn_reg *b)
{
    struct order o = order_of(id, true), other = order_of(id, false);
    bool equality = o.a_first == o.b_first && (o.a_first || other.a_first);
    if (wn_opcode_is32(wn_rows[id].opcode) || !(equality || o.a_first || o.b_first))
        return false;
    if (!wn_is_packet_type(a->type) || !wn_is_packet_type(b->type)) {
        const struct wn_reg *n = wn_is_packet_type(a->type) ? b : a;
        return equality && wn_is_number(n) && wn_value_is_const(&n->v) && n->v.bits.value == 0;
    }
    return equality || (wn_is_near(&a->v) && wn_is_near(&b->v) && is_whole(q, a) && is_whole(q, b));
}

bool wn_learn(struct wn_search *q, const struct wn_op *op, bool taken)
{
    struct wn_reg a = wn_state_reg(&q->s, op->a);
    bool by_register = wn_rows[op->id].form == WN_FORM_BRANCH_REG;
    struct wn_reg b =
        by_register ? wn_state_reg(&q->s, op->b) : wn_reg_const((uint64_t)(int64_t)op->imm);
    if ((wn_is_packet_type(a.type) || wn_is_packet_type(b.type)) &&
        !is_relative(q, (enum wn_op_id)op->id, &a, &b))
        q->detours = true;
    bool addresses =
        !wn_is_number(&a) || (by_register && op->b < WN_R10 && !wn_is_number(&q->s.r[op->b]));
    q->says_place = false;
    bool possible = learn(q, op, taken);
    if (possible && !q->says_place && !addresses)
        return true;
    wn_depend(q, op->a);
    if (by_register)
        wn_depend(q, op->b);
    return possible;
}

/** Whether a comparison of ranges comes out the same for all their numbers. */
static enum wn_outlook compare_ranges(const struct order *o, int64_t amin, int64_t amax,
                                      int64_t bmin, int64_t bmax)
{
    bool a_first = o->a_first;
    int64_t low_max = a_first ? amax : bmax, low_min = a_first ? amin : bmin;
    int64_t high_max = a_first ? bmax : amax, high_min = a_first ? bmin : amin;
    if (o->strict ? low_max < high_min : low_max <= high_min)
        return WN_ALWAYS;
    if (o->strict ? low_min >= high_max : low_min > high_max)
        return WN_NEVER;
    return WN_PERHAPS;
}

/** Of numbers that are the same with and without sign. */
static enum wn_outlook foresee_plain(enum wn_op_id id, const struct wn_value *a,
                                     const struct wn_value *b)
{
    struct order o = order_of(id, true), other = order_of(id, false);
    if (o.a_first != o.b_first) /* the one or the other */
        return compare_ranges(&o, a->smin, a->smax, b->smin, b->smax);
    bool apart = a->smax < b->smin || b->smax < a->smin || !wn_tnum_meets(a->bits, b->bits);
    bool same = wn_value_is_const(a) && wn_value_is_const(b) && a->bits.value == b->bits.value;
    if (o.a_first) /* equal */
        return apart ? WN_NEVER : same ? WN_ALWAYS : WN_PERHAPS;
    if (other.a_first) /* different */
        return apart ? WN_ALWAYS : same ? WN_NEVER : WN_PERHAPS;
    return WN_PERHAPS;
}

enum wn_outlook wn_foresee(struct wn_search *q, const struct wn_op *op)
{
    bool by_register = wn_rows[op->id].form == WN_FORM_BRANCH_REG;
    struct wn_value imm = wn_value_const((uint64_t)(int64_t)op->imm);
    if (op->a == WN_R10 || (by_register && (op->b == WN_R10 || op->a == op->b)))
        return WN_PERHAPS;
    const struct wn_reg *a = &q->s.r[op->a], *b = &q->s.r[op->b];
    if (!wn_is_number(a) || (by_register && !wn_is_number(b)))
        return WN_PERHAPS;
    const struct wn_value *vb = by_register ? &b->v : &imm;
    enum wn_outlook outlook = WN_PERHAPS;
    bool plain = a->v.umax <= INT32_MAX && vb->umax <= INT32_MAX;
    struct wn_value taken_a = a->v, taken_b = *vb, on_a = a->v, on_b = *vb;
    if (plain && op->id != WN_OP_JSET64_K && op->id != WN_OP_JSET64_X && op->id != WN_OP_JSET32_K &&
        op->id != WN_OP_JSET32_X)
        outlook = foresee_plain((enum wn_op_id)op->id, &a->v, vb);
    else if (!wn_value_refine((enum wn_op_id)op->id, true, &taken_a, &taken_b))
        outlook = WN_NEVER;
    else if (!wn_value_refine((enum wn_op_id)op->id, false, &on_a, &on_b))
        outlook = WN_ALWAYS;
    if (outlook == WN_PERHAPS)
        return outlook;
    wn_depend(q, op->a);
    if (by_register)
        wn_depend(q, op->b);
    return outlook;
}
