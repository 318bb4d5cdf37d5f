/* SPDX-License-Identifier: MIT */
/** States against each other, where ways meet. */
#pragma once

#include "verify/live.h"
#include "verify/precise.h"
#include "verify/state.h"

/** What matters of a state: that of its slot, and of those its functions return to. */
struct wn_matters {
    uint32_t deep, shallow;
    uint64_t stack;
    const struct wn_live *live;
};

struct wn_matters wn_matters_at(const struct wn_live *live, uint32_t slot);

/** Make a state as simple as it can be said: what is linked with nothing, or does not matter, has no number
 * of its own. False without memory. */
bool wn_state_tidy(struct wn_state *s, const struct wn_matters *m, struct wn_heap *heap);

/** Whether both have the same functions, called from the same places. */
bool wn_state_same_calls(const struct wn_state *a, const struct wn_state *b);

/** Whether what holds of `now` is among what `old` allows, as far as it matters; `precise` are the
 * numbers that do, `needs` how many bytes the packet has to have. `clash` is
 * the register to look at first, and set to the one that told them apart. `hides` is set if
 * addresses of the packet are among what may be anything. */
bool wn_state_includes(const struct wn_state *old, const struct wn_state *now,
                       const struct wn_matters *m, const struct wn_marks *precise, uint32_t needs,
                       uint8_t *clash, bool *hides);

/** Whether registers and stacks hold the same kinds of things. */
bool wn_state_same_types(const struct wn_state *a, const struct wn_state *b,
                         const struct wn_matters *m);

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
