/* SPDX-License-Identifier: MIT */
#include "verify/value.h"

#include <string.h>

#include "verify/part.h"

struct wn_value wn_value_unknown(void)
{
    struct wn_part whole = part_unknown(WHOLE), half = part_unknown(HALF);
    return value_of(&whole, &half);
}

struct wn_value wn_value_const(uint64_t number)
{
    struct wn_part whole = part_const(number, WHOLE), half = part_const(number, HALF);
    return value_of(&whole, &half);
}

bool wn_value_is_unknown(const struct wn_value *v)
{
    struct wn_value nothing = wn_value_unknown();
    return v->bits.mask == nothing.bits.mask && !memcmp(v, &nothing, sizeof *v);
}

static bool part_contains(const struct wn_part *p, uint64_t number, unsigned n)
{
    number = cut(number, n);
    return !((number ^ p->bits.value) & ~p->bits.mask) && p->umin <= number && number <= p->umax &&
           p->smin <= extend(number, n) && extend(number, n) <= p->smax;
}

bool wn_value_contains(const struct wn_value *v, uint64_t number)
{
    struct wn_part whole = whole_of(v), half = half_of(v);
    return part_contains(&whole, number, WHOLE) && part_contains(&half, number, HALF);
}

/* ---- Parts tell each other ------------------------------------------------------------------- */

static void raise(struct wn_part *p, uint64_t umin)
{
    p->umin = larger(p->umin, umin);
}

static void lower(struct wn_part *p, uint64_t umax)
{
    p->umax = smaller(p->umax, umax);
}

static void sraise(struct wn_part *p, int64_t smin)
{
    p->smin = slarger(p->smin, smin);
}

static void slower(struct wn_part *p, int64_t smax)
{
    p->smax = ssmaller(p->smax, smax);
}

static bool is_possible(const struct wn_part *p)
{
    return p->umin <= p->umax && p->smin <= p->smax;
}

static void bits_to_ranges(struct wn_part *p, unsigned n)
{
    uint64_t sign = UINT64_C(1) << (n - 1), all = p->bits.value | p->bits.mask;
    raise(p, p->bits.value);
    lower(p, all);
    sraise(p, extend(p->bits.value | (p->bits.mask & sign), n));
    slower(p, extend((all & ~sign) | (p->bits.value & sign), n));
}

/** Low bits that are known say how far the ends of the range are from numbers that have them. */
static void align(struct wn_part *p, unsigned n)
{
    uint64_t step = p->bits.mask & -p->bits.mask;
    uint64_t up = (p->bits.value - p->umin) & (step - 1);
    if (step < 2 || up > ones(n) - p->umin)
        return;
    raise(p, p->umin + up);
    uint64_t down = (p->umax - p->bits.value) & (step - 1);
    if (down <= p->umax)
        lower(p, p->umax - down);
}

/** A range that does not cross where signs change is the same with and without sign. */
static void signs(struct wn_part *p, unsigned n)
{
    uint64_t first = cut((uint64_t)p->smin, n), last = cut((uint64_t)p->smax, n);
    if (extend(p->umin, n) <= extend(p->umax, n)) {
        sraise(p, extend(p->umin, n));
        slower(p, extend(p->umax, n));
    }
    if (first <= last) {
        raise(p, first);
        lower(p, last);
    } else if (p->umax < first) { /* none of the negative ones */
        sraise(p, 0);
        lower(p, last);
    } else if (p->umin > last) { /* only those */
        slower(p, -1);
        raise(p, first);
    }
}

/** A range within numbers that have their upper half in common is one of lower halves. */
static void whole_to_half(const struct wn_part *whole, struct wn_part *half)
{
    if (whole->umin >> HALF == whole->umax >> HALF) {
        raise(half, cut(whole->umin, HALF));
        lower(half, cut(whole->umax, HALF));
    }
    if (whole->smin >> HALF == whole->smax >> HALF) {
        raise(half, cut((uint64_t)whole->smin, HALF));
        lower(half, cut((uint64_t)whole->smax, HALF));
    }
    /* As long as half of that and longer, but around 0. */
    int64_t first = extend((uint64_t)whole->smin, HALF), last = extend((uint64_t)whole->smax, HALF);
    if (first <= last && (uint64_t)whole->smax - (uint64_t)whole->smin <= ones(HALF)) {
        sraise(half, first);
        slower(half, last);
    }
}

/** The least number has at least the least lower half, and so on. */
static void half_to_whole(const struct wn_part *half, struct wn_part *whole)
{
    const uint64_t upper = ~ones(HALF);
    raise(whole, (whole->umin & upper) | half->umin);
    lower(whole, (whole->umax & upper) | half->umax);
    sraise(whole, (int64_t)(((uint64_t)whole->smin & upper) | half->umin));
    slower(whole, (int64_t)(((uint64_t)whole->smax & upper) | half->umax));
    if (whole->smin >= least(HALF) && whole->smax <= most(HALF)) {
        sraise(whole, half->smin);
        slower(whole, half->smax);
    }
}

/** What ranges know of bits; false if that cannot be. */
static bool ranges_to_bits(struct wn_part *whole, const struct wn_part *half)
{
    struct wn_tnum known = wn_tnum_range(whole->umin, whole->umax);
    struct wn_tnum low = wn_tnum_range(half->umin, half->umax);
    low.mask |= cut(~ones(HALF), WHOLE);
    if (!wn_tnum_meets(whole->bits, known))
        return false;
    whole->bits = wn_tnum_meet(whole->bits, known);
    if (!wn_tnum_meets(whole->bits, low))
        return false;
    whole->bits = wn_tnum_meet(whole->bits, low);
    return true;
}

/** Once around; false if no number is left. */
static bool settle_once(struct wn_part *whole, struct wn_part *half)
{
    half->bits = wn_tnum_cut(whole->bits, ones(HALF));
    bits_to_ranges(whole, WHOLE);
    bits_to_ranges(half, HALF);
    align(whole, WHOLE);
    align(half, HALF);
    signs(whole, WHOLE);
    whole_to_half(whole, half);
    signs(half, HALF);
    if (!is_possible(whole) || !is_possible(half))
        return false;
    half_to_whole(half, whole);
    signs(whole, WHOLE);
    return is_possible(whole) && ranges_to_bits(whole, half);
}

bool wn_value_settle(struct wn_value *v)
{
    struct wn_part whole = whole_of(v), half = half_of(v);
    if (wn_value_is_const(v)) {
        uint64_t number = v->bits.value;
        if (!part_contains(&whole, number, WHOLE) || !part_contains(&half, number, HALF))
            return false;
        *v = wn_value_const(number);
        return true;
    }
    uint64_t mask;
    do { /* at most as often as there are bits */
        mask = whole.bits.mask;
        if (!settle_once(&whole, &half))
            return false;
    } while (whole.bits.mask != mask);
    *v = value_of(&whole, &half);
    return true;
}

/* ---- The lattice ----------------------------------------------------------------------------- */

bool wn_value_meet(struct wn_value *v, const struct wn_value *other)
{
    if (!wn_tnum_meets(v->bits, other->bits))
        return false;
    struct wn_part whole = whole_of(v), half = half_of(v);
    whole.bits = wn_tnum_meet(v->bits, other->bits);
    raise(&whole, other->umin);
    lower(&whole, other->umax);
    sraise(&whole, other->smin);
    slower(&whole, other->smax);
    raise(&half, other->umin32);
    lower(&half, other->umax32);
    sraise(&half, other->smin32);
    slower(&half, other->smax32);
    *v = value_of(&whole, &half);
    return wn_value_settle(v);
}

static struct wn_part part_join(const struct wn_part *a, const struct wn_part *b)
{
    return (struct wn_part){wn_tnum_join(a->bits, b->bits), smaller(a->umin, b->umin),
                            larger(a->umax, b->umax), ssmaller(a->smin, b->smin),
                            slarger(a->smax, b->smax)};
}

struct wn_value wn_value_join(const struct wn_value *a, const struct wn_value *b)
{
    struct wn_part wholes[] = {whole_of(a), whole_of(b)}, halves[] = {half_of(a), half_of(b)};
    struct wn_part whole = part_join(&wholes[0], &wholes[1]);
    struct wn_part half = part_join(&halves[0], &halves[1]);
    return value_of(&whole, &half);
}

/** A bound that has moved goes on to one of a few numbers: those that fields and signs have. */
static uint64_t next_limit(uint64_t bound, unsigned n)
{
    const unsigned widths[] = {n / 8, n / 4, n / 2 - 1, n / 2, n - 1};
    for (unsigned i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i] && widths[i] < n && bound <= ones(widths[i]))
            return ones(widths[i]);
    return ones(n);
}

static struct wn_part part_widen(const struct wn_part *before, const struct wn_part *now,
                                 unsigned n)
{
    struct wn_part p = part_join(before, now);
    uint64_t changed = p.bits.mask & ~before->bits.mask;
    if (changed) { /* what counts up leaves only the bits below its step alone */
        p.bits.mask |= ones(n) & ~((changed & -changed) - 1);
        p.bits.value &= ~p.bits.mask;
    }
    if (p.umin < before->umin)
        p.umin = 0;
    if (p.umax > before->umax)
        p.umax = next_limit(p.umax, n);
    if (p.smin < before->smin)
        p.smin = p.smin >= 0 ? 0 : ~(int64_t)next_limit((uint64_t)~p.smin, n - 1);
    if (p.smax > before->smax)
        p.smax = p.smax < 0 ? -1 : (int64_t)next_limit((uint64_t)p.smax, n - 1);
    return p;
}

struct wn_value wn_value_widen(const struct wn_value *before, const struct wn_value *now)
{
    struct wn_part wholes[] = {whole_of(before), whole_of(now)};
    struct wn_part halves[] = {half_of(before), half_of(now)};
    struct wn_part whole = part_widen(&wholes[0], &wholes[1], WHOLE);
    struct wn_part half = part_widen(&halves[0], &halves[1], HALF);
    return value_of(&whole, &half);
}

static bool part_includes(const struct wn_part *outer, const struct wn_part *inner)
{
    return wn_tnum_includes(outer->bits, inner->bits) && outer->umin <= inner->umin &&
           inner->umax <= outer->umax && outer->smin <= inner->smin && inner->smax <= outer->smax;
}

bool wn_value_includes(const struct wn_value *outer, const struct wn_value *inner)
{
    struct wn_part wholes[] = {whole_of(outer), whole_of(inner)};
    struct wn_part halves[] = {half_of(outer), half_of(inner)};
    return part_includes(&wholes[0], &wholes[1]) && part_includes(&halves[0], &halves[1]);
}
