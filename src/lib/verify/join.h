/* SPDX-License-Identifier: MIT */
/** States put together, where ways meet. */
#pragma once

#include "verify/compare.h"

#define WN_MOST_LIMITS 256u

/** Numbers that a program compares with, ascending: what loops count up or down to. */
struct wn_limits {
    int64_t at[WN_MOST_LIMITS];
    unsigned n;
};

/** Find them. */
void wn_limits_init(struct wn_limits *limits, const struct wn_code *code);

/** How ways are put together. */
enum wn_joining {
    WN_JOIN,
    WN_WIDEN_TO, /* what grows, to the next of the limits */
    WN_WIDEN,    /* to the limits that fields have */
    WN_FORGET,
};

/**
 * Let `into` allow what `from` does, too.
 *
 * Both have the same calls. `hides` is set if addresses of the packet become what may be anything.
 * False without memory.
 */
bool wn_state_join(struct wn_state *into, const struct wn_state *from, enum wn_joining how,
                   const struct wn_limits *limits, const struct wn_matters *m, struct wn_heap *heap,
                   bool *hides);
