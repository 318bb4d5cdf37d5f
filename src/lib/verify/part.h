/* SPDX-License-Identifier: MIT */
/**
 * A value seen as a number of n bits: the whole or its low half, so that what is
 * said once holds for both. Numbers without sign are kept below 2^n, those with
 * sign are extended.
 */
#pragma once

#include "verify/value.h"

#define WHOLE ((unsigned)WN_VALUE_BITS)
#define HALF  (WHOLE / 2)

struct wn_part {
    struct wn_tnum bits;
    uint64_t umin, umax;
    int64_t smin, smax;
};

static inline uint64_t ones(unsigned n)
{
    return UINT64_MAX >> (64 - n);
}

static inline uint64_t cut(uint64_t number, unsigned n)
{
    return number & ones(n);
}

static inline int64_t extend(uint64_t number, unsigned n)
{
    return (int64_t)(number << (64 - n)) >> (64 - n);
}

static inline int64_t least(unsigned n)
{
    return extend(UINT64_C(1) << (n - 1), n);
}

static inline int64_t most(unsigned n)
{
    return (int64_t)(ones(n) >> 1);
}

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline int64_t ssmaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t slarger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline struct wn_part part_unknown(unsigned n)
{
    return (struct wn_part){{0, ones(n)}, 0, ones(n), least(n), most(n)};
}

static inline struct wn_part part_const(uint64_t number, unsigned n)
{
    uint64_t u = cut(number, n);
    return (struct wn_part){{u, 0}, u, u, extend(u, n), extend(u, n)};
}

/** The numbers from umin to umax. */
static inline struct wn_part part_range(uint64_t umin, uint64_t umax, unsigned n)
{
    return (struct wn_part){wn_tnum_range(umin, umax), umin, umax, least(n), most(n)};
}

/** The numbers from smin to smax. */
static inline struct wn_part part_srange(int64_t smin, int64_t smax, unsigned n)
{
    return (struct wn_part){{0, ones(n)}, 0, ones(n), smin, smax};
}

static inline struct wn_part part_bits(struct wn_tnum bits, unsigned n)
{
    bits = wn_tnum_cut(bits, ones(n));
    return (struct wn_part){bits, bits.value, bits.value | bits.mask, least(n), most(n)};
}

static inline struct wn_part whole_of(const struct wn_value *v)
{
    return (struct wn_part){v->bits, v->umin, v->umax, v->smin, v->smax};
}

static inline struct wn_part half_of(const struct wn_value *v)
{
    return (struct wn_part){wn_tnum_cut(v->bits, ones(HALF)), v->umin32, v->umax32, v->smin32,
                            v->smax32};
}

/** Put both halves of what is known together; of `half` the ranges count. */
static inline struct wn_value value_of(const struct wn_part *whole, const struct wn_part *half)
{
    return (struct wn_value){.bits = whole->bits,
                             .umin = whole->umin,
                             .umax = whole->umax,
                             .smin = whole->smin,
                             .smax = whole->smax,
                             .umin32 = (uint32_t)half->umin,
                             .umax32 = (uint32_t)half->umax,
                             .smin32 = (int32_t)half->smin,
                             .smax32 = (int32_t)half->smax};
}
