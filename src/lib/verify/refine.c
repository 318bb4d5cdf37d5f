/* SPDX-License-Identifier: MIT */
#include "verify/value.h"

#include <assert.h>
#include <string.h>

#include "verify/part.h"

/** What holds on one way out of a branch. Greater is less with the operands exchanged. */
enum relation { EQUAL, DIFFERENT, LESS, LESS_EQUAL, SLESS, SLESS_EQUAL, COMMON, DISJOINT };

/** Learn from a relation of n bits; false if it cannot hold. */
typedef bool (*learn_fn)(struct wn_part *a, struct wn_part *b, unsigned n);

static bool meet(struct wn_part *a, const struct wn_part *b)
{
    if (!wn_tnum_meets(a->bits, b->bits))
        return false;
    a->bits = wn_tnum_meet(a->bits, b->bits);
    a->umin = larger(a->umin, b->umin);
    a->umax = smaller(a->umax, b->umax);
    a->smin = slarger(a->smin, b->smin);
    a->smax = ssmaller(a->smax, b->smax);
    return true;
}

static bool equal(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    bool possible = meet(a, b);
    *b = *a;
    return possible;
}

/** A range loses its end if that is the one number left to the other. */
static bool exclude(struct wn_part *p, const struct wn_part *one)
{
    if (one->bits.mask)
        return true;
    if (p->umin == p->umax && p->umin == one->umin)
        return false;
    p->umin += p->umin == one->umin;
    p->umax -= p->umax == one->umin;
    p->smin += p->smin == one->smin;
    p->smax -= p->smax == one->smin;
    return true;
}

static bool different(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    const struct wn_part before = *a;
    return exclude(a, b) && exclude(b, &before);
}

static bool less(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    if (a->umin >= b->umax)
        return false;
    a->umax = smaller(a->umax, b->umax - 1);
    b->umin = larger(b->umin, a->umin + 1);
    return true;
}

static bool less_equal(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    a->umax = smaller(a->umax, b->umax);
    b->umin = larger(b->umin, a->umin);
    return a->umin <= a->umax;
}

static bool sless(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    if (a->smin >= b->smax)
        return false;
    a->smax = ssmaller(a->smax, b->smax - 1);
    b->smin = slarger(b->smin, a->smin + 1);
    return true;
}

static bool sless_equal(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    a->smax = ssmaller(a->smax, b->smax);
    b->smin = slarger(b->smin, a->smin);
    return a->smin <= a->smax;
}

/** If one bit alone can be common, it is 1 in both. */
static bool common(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    uint64_t both = (a->bits.value | a->bits.mask) & (b->bits.value | b->bits.mask);
    if (both == 0)
        return false;
    if (both & (both - 1)) {
        a->umin = larger(a->umin, both & -both);
        b->umin = larger(b->umin, both & -both);
        return true;
    }
    a->bits = (struct wn_tnum){a->bits.value | both, a->bits.mask & ~both};
    b->bits = (struct wn_tnum){b->bits.value | both, b->bits.mask & ~both};
    return true;
}

/** What is 1 in one is 0 in the other. */
static bool disjoint(struct wn_part *a, struct wn_part *b, unsigned n)
{
    (void)n;
    a->bits.mask &= ~b->bits.value;
    b->bits.mask &= ~a->bits.value;
    return !(a->bits.value & b->bits.value);
}

/** Put back what was learned of all bits, if it was anything. */
static bool put_whole(struct wn_value *v, const struct wn_part *whole, const struct wn_part *before)
{
    const struct wn_part half = half_of(v);
    if (!memcmp(whole, before, sizeof *whole))
        return true;
    *v = value_of(whole, &half);
    return wn_value_settle(v);
}

/** Learn from a relation of all bits. */
static bool on_whole(learn_fn learn, struct wn_value *a, struct wn_value *b)
{
    const struct wn_part before_a = whole_of(a), before_b = whole_of(b);
    struct wn_part wa = before_a, wb = before_b;
    return learn(&wa, &wb, WHOLE) && put_whole(a, &wa, &before_a) && put_whole(b, &wb, &before_b);
}

static bool put_half(struct wn_value *v, const struct wn_part *half, const struct wn_part *before)
{
    struct wn_part whole = whole_of(v);
    if (!memcmp(half, before, sizeof *half))
        return true;
    whole.bits.value = (whole.bits.value & ~ones(HALF)) | half->bits.value;
    whole.bits.mask = (whole.bits.mask & ~ones(HALF)) | half->bits.mask;
    *v = value_of(&whole, half);
    return wn_value_settle(v);
}

/** Learn from a relation of the low halves. */
static bool on_half(learn_fn learn, struct wn_value *a, struct wn_value *b)
{
    const struct wn_part before_a = half_of(a), before_b = half_of(b);
    struct wn_part ha = before_a, hb = before_b;
    return learn(&ha, &hb, HALF) && put_half(a, &ha, &before_a) && put_half(b, &hb, &before_b);
}

bool wn_value_refine(enum wn_op_id id, bool taken, struct wn_value *a, struct wn_value *b)
{
#define BOTH(name, yes, no)                                                                        \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X: return taken ? on_whole(yes, a, b) : on_whole(no, a, b);              \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X: return taken ? on_half(yes, a, b) : on_half(no, a, b);
/* Greater is less with the operands exchanged. */
#define MIRRORED(name, yes, no)                                                                    \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X: return taken ? on_whole(yes, b, a) : on_whole(no, a, b);              \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X:                                                                       \
        return taken ? on_half(yes, b, a) : on_half(no, a, b);
#define UPRIGHT(name, yes, no)                                                                     \
    case WN_OP_##name##64_K:                                                                       \
    case WN_OP_##name##64_X: return taken ? on_whole(yes, a, b) : on_whole(no, b, a);              \
    case WN_OP_##name##32_K:                                                                       \
    case WN_OP_##name##32_X: return taken ? on_half(yes, a, b) : on_half(no, b, a);
    switch (id) {
        BOTH(JEQ, equal, different)
        BOTH(JNE, different, equal)
        BOTH(JSET, common, disjoint)
        MIRRORED(JGT, less, less_equal)
        MIRRORED(JGE, less_equal, less)
        UPRIGHT(JLT, less, less_equal)
        UPRIGHT(JLE, less_equal, less)
        MIRRORED(JSGT, sless, sless_equal)
        MIRRORED(JSGE, sless_equal, sless)
        UPRIGHT(JSLT, sless, sless_equal)
        UPRIGHT(JSLE, sless_equal, sless)
    default: assert(!"no branch"); return true;
    }
#undef BOTH
#undef MIRRORED
#undef UPRIGHT
}
