/* SPDX-License-Identifier: MIT */
/**
 * Which numbers a proof depends on.
 *
 * Most do not matter: what a counter holds says nothing of the memory that is
 * accessed. So states are compared by the numbers that something has depended
 * on: a branch that went one way only, an address, a length. Whenever that is met, the
 * way that led there is gone back, and what the number was made of is noted where
 * ways met (as Linux does: mark_chain_precision()).
 */
#pragma once

#include "verify/state.h"

/** Numbers of every frame: registers, and words of the stack, the lowest first. */
struct wn_marks {
    uint16_t regs[WN_CALL_DEPTH];
    uint64_t words[WN_CALL_DEPTH];
};

/** What is said of a step of a way, beside the slot. */
enum wn_step_flag {
    WN_STEP_NODE = 1u << 31,   /* no slot: the number of a place where ways met */
    WN_STEP_CUT = 1u << 30,    /* the result is what it would be of any operand */
    WN_STEP_STACK = 1u << 29,  /* the stack is used through another register than r10 */
    WN_STEP_LINKED = 1u << 28, /* a branch said something of other registers than its operands */
    WN_STEP_LEFT = 1u << 27,   /* the function ended here, with a number of no origin */
    WN_STEP_AGAIN = 1u << 26, /* a helper called a function, or what it had called returned to it */
    WN_STEP_OVER = 1u << 25,  /* a helper that calls functions has returned */
};
#define WN_STEP_SLOT (WN_STEP_OVER - 1u)

/** The way to where the search is. */
struct wn_trail {
    uint32_t *data;
    size_t len, cap;
};

/** The marks of a place where ways met. */
typedef struct wn_marks *(*wn_marks_fn)(void *arg, uint32_t node);

/** Whether `more` has something that `marks` has not; it has it then. */
bool wn_marks_add(struct wn_marks *marks, const struct wn_marks *more);

/** Everything. */
struct wn_marks wn_marks_all(void);

/**
 * Note what numbers were made of.
 *
 * trail  the way there, but for its last `skip` steps
 * depth  functions that have not returned there
 * marks  the numbers; overwritten
 */
void wn_trail_mark(const struct wn_code *code, const struct wn_trail *trail, size_t skip,
                   uint32_t depth, struct wn_marks *marks, wn_marks_fn node, void *arg);
