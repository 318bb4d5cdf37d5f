/* SPDX-License-Identifier: MIT */
/**
 * Numbers of which single bits are known ("tristate numbers": Vishwanathan,
 * Shachnai, Narayana and Nagarakatte, "Sound, Precise, and Fast Abstract
 * Interpretation with Tristate Numbers", CGO 2022).
 *
 * All work on 64 bits. The low bits of a result depend on the low bits of the
 * operands alone, shifts to the right excepted, so narrower numbers are cut
 * from wider ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wn_tnum {
    uint64_t value; /* bits known to be 1 */
    uint64_t mask;  /* bits not known; value has none of them */
};

static inline struct wn_tnum wn_tnum_const(uint64_t number)
{
    return (struct wn_tnum){number, 0};
}

/** What is known of everything from `min` to `max`: the bits that they begin with alike. */
static inline struct wn_tnum wn_tnum_range(uint64_t min, uint64_t max)
{
    uint64_t differs = min ^ max;
    uint64_t mask = differs ? UINT64_MAX >> __builtin_clzll(differs) : 0;
    return (struct wn_tnum){min & ~mask, mask};
}

static inline struct wn_tnum wn_tnum_cut(struct wn_tnum a, uint64_t ones)
{
    return (struct wn_tnum){a.value & ones, a.mask & ones};
}

/** Every sum lies between that of what is known and that of all ones; where a carry
 * may differ between these two, or an operand's bit is not known, the sum's is not. */
static inline struct wn_tnum wn_tnum_add(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t least = a.value + b.value, most = least + a.mask + b.mask;
    uint64_t mask = (least ^ most) | a.mask | b.mask;
    return (struct wn_tnum){least & ~mask, mask};
}

/** As the sum, with borrows. */
static inline struct wn_tnum wn_tnum_sub(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t known = a.value - b.value;
    uint64_t mask = ((known + a.mask) ^ (known - b.mask)) | a.mask | b.mask;
    return (struct wn_tnum){known & ~mask, mask};
}

static inline struct wn_tnum wn_tnum_and(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t ones = a.value & b.value;
    return (struct wn_tnum){ones, ((a.value | a.mask) & (b.value | b.mask)) & ~ones};
}

static inline struct wn_tnum wn_tnum_or(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t ones = a.value | b.value;
    return (struct wn_tnum){ones, (a.mask | b.mask) & ~ones};
}

static inline struct wn_tnum wn_tnum_xor(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t mask = a.mask | b.mask;
    return (struct wn_tnum){(a.value ^ b.value) & ~mask, mask};
}

/** What is known of either. */
static inline struct wn_tnum wn_tnum_join(struct wn_tnum a, struct wn_tnum b)
{
    uint64_t mask = a.mask | b.mask | (a.value ^ b.value);
    return (struct wn_tnum){a.value & ~mask, mask};
}

/** Whether a number can be both. */
static inline bool wn_tnum_meets(struct wn_tnum a, struct wn_tnum b)
{
    return !((a.value ^ b.value) & ~a.mask & ~b.mask);
}

/** What is known of a number that is both; they meet. */
static inline struct wn_tnum wn_tnum_meet(struct wn_tnum a, struct wn_tnum b)
{
    return (struct wn_tnum){a.value | b.value, a.mask & b.mask};
}

static inline bool wn_tnum_includes(struct wn_tnum outer, struct wn_tnum inner)
{
    return !(((inner.value ^ outer.value) | inner.mask) & ~outer.mask);
}

struct wn_tnum wn_tnum_mul(struct wn_tnum a, struct wn_tnum b);
