/* SPDX-License-Identifier: MIT */
/** How often loops can go around. */
#pragma once

#include "isa/code.h"

/** Between what a register is whenever a loop begins anew; false if it is no number. */
typedef bool (*wn_loops_range_fn)(void *arg, uint32_t slot, unsigned reg, int64_t *min,
                                  int64_t *max);

/**
 * Find the jumps back that are taken a small number of times.
 *
 * A loop is bounded if some register grows, or shrinks, each time around on every
 * way through it, and what it can be when the loop begins anew is between two
 * numbers. Loops within each other count together, and so do functions that call
 * each other: all of them are bounded if no run takes `most` steps in all, else none.
 * What lies in a loop without bound has none, and neither have functions called there.
 *
 * bounded   of each slot: set to 1 for such jumps, 0 for others
 *
 * Returns false without memory.
 */
bool wn_loops_bound(const struct wn_code *code, uint64_t most, wn_loops_range_fn range, void *arg,
                    uint8_t *bounded);
