/* SPDX-License-Identifier: MIT */
/**
 * What is known of a number in a register: single bits, and ranges with and
 * without sign, of all 64 bits and of the low 32.
 *
 * All of it holds at once, and each part has been told what the others know.
 * There is no value for "impossible": what could yield it returns a bool.
 *
 * Everything here also exists for numbers of 4 and 8 bits (WN_VALUE_BITS), where
 * tests compare with every number there is; "32" then means half as many.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "isa/isa.h"
#include "verify/tnum.h"

#ifndef WN_VALUE_BITS
#define WN_VALUE_BITS 64
#endif

/** One line of the cache: it is copied a lot. */
struct wn_value {
    struct wn_tnum bits;
    uint64_t umin, umax;
    int64_t smin, smax;
    uint32_t umin32, umax32;
    int32_t smin32, smax32;
};

/** Nothing is known. */
struct wn_value wn_value_unknown(void);

/** A number of WN_VALUE_BITS bits. */
struct wn_value wn_value_const(uint64_t number);

static inline bool wn_value_is_const(const struct wn_value *v)
{
    return v->bits.mask == 0;
}

/** Whether a value says nothing. */
bool wn_value_is_unknown(const struct wn_value *v);

/** Whether a number is one of those that a value allows. */
bool wn_value_contains(const struct wn_value *v, uint64_t number);

/**
 * Tell each part what the others know. Whoever changed a part calls this.
 *
 * Returns false if no number is left; v means nothing then.
 */
bool wn_value_settle(struct wn_value *v);

/** What holds of both; false if nothing can be both. */
bool wn_value_meet(struct wn_value *v, const struct wn_value *other);

/** What holds of either. */
struct wn_value wn_value_join(const struct wn_value *a, const struct wn_value *b);

/**
 * What holds of either, for the head of a loop: whatever comes back there, after
 * a small number of steps nothing changes any more.
 *
 * before   what held at the head until now
 */
struct wn_value wn_value_widen(const struct wn_value *before, const struct wn_value *now);

/** Whether each number that `inner` allows is allowed by `outer`, as far as comparing them part by
 * part tells. */
bool wn_value_includes(const struct wn_value *outer, const struct wn_value *inner);

/**
 * The result of arithmetic: a row of kind ALU. Of rows that take one operand
 * `a` is it; `b` of those with an immediate is that number, sign-extended, and
 * for moves of an immediate it is the operand.
 */
struct wn_value wn_value_compute(enum wn_op_id id, const struct wn_value *a,
                                 const struct wn_value *b);

/** What a row of kind LOAD leaves, whatever is in memory. */
struct wn_value wn_value_loaded(enum wn_op_id id);

/** The number of the low `bits` bits; the others are 0. */
struct wn_value wn_value_of_bits(unsigned bits);

/**
 * Learn from a branch: a row of kind BRANCH with operands `a` and `b`, of which an
 * immediate is a constant.
 *
 * taken   whether the comparison holds
 *
 * Returns false if it cannot come out so; a and b mean nothing then.
 */
bool wn_value_refine(enum wn_op_id id, bool taken, struct wn_value *a, struct wn_value *b);
