/* SPDX-License-Identifier: MIT */
/** How often loops can go around. */
#pragma once

#include "isa/code.h"

/** What a helper calls spends fuel each time. So that runs stay short all the same, its steps count
 * as often as this. */
#define WN_REPEATED 4096u

/** Between what a register is whenever a loop begins anew; false if it is no number. */
typedef bool (*wn_loops_range_fn)(void *arg, uint32_t slot, unsigned reg, int64_t *min,
                                  int64_t *max);

/** What a jump back lacks that has no bound, for people to read. */
struct wn_loop_lack {
    enum {
        WN_LACKS_ANYTHING, /* nobody knows: there was no time to look, or what was found is enough
                            */
        WN_LACKS_WAY_OUT,
        WN_LACKS_COUNTER, /* no register grows or shrinks */
        WN_LACKS_LIMIT,   /* `reg` does, by `by`, and nobody knows up to what */
        WN_LACKS_TIME,    /* `times` are too many, with what lies around it */
        WN_LACKS_OTHER,   /* a bound for something that it lies in */
    } what;
    uint8_t reg;
    int64_t by; /* each time around, at least */
    uint64_t times;
};
typedef bool (*wn_loops_lack_fn)(void *arg, uint32_t slot, const struct wn_loop_lack *lack);

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
 * tell      told what the others lack, in order of slots; NULL: nobody wants to know. Returns false
 *           without memory
 *
 * Returns false without memory.
 */
bool wn_loops_bound(const struct wn_code *code, uint64_t most, wn_loops_range_fn range, void *arg,
                    uint8_t *bounded, wn_loops_lack_fn tell);
