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

/** Make a state as simple as it can be said: what does not matter is linked with nothing, and what
 * is linked with nothing has no number of its own. False without memory. */
bool wn_state_tidy(struct wn_state *s, const struct wn_matters *m, struct wn_heap *heap);

/** Whether both have the same functions, called from the same places, and hold as much. */
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

/* ---- what joining asks, too ------------------------------------------------------------------ */

/** What matters of the frame `which` of a state: of all but the last one when they are returned to.
 */
uint64_t wn_matters_words(const struct wn_state *s, uint32_t which, const struct wn_matters *m);

/** Whether register 1 + i of a caller, kept in its callee's frame, matters when that returns. */
bool wn_matters_kept(const struct wn_state *s, uint32_t which, unsigned i,
                     const struct wn_matters *m);

bool wn_matters_spill(const struct wn_spill *k, uint64_t words);

/** What a frame keeps exactly where another one keeps `k`; NULL if nothing. */
const struct wn_spill *wn_frame_find_spill(const struct wn_frame *f, const struct wn_spill *k);

/** A number that is linked with nothing, for wn_state_each(); always true. */
bool wn_reg_unlink(void *arg, struct wn_reg *r);

#define WN_MOST_PAIRS 64u

/** Which number of the new state, plus `by`, each of the old one is. */
struct wn_pairs {
    uint32_t old[WN_MOST_PAIRS], now[WN_MOST_PAIRS];
    int64_t by[WN_MOST_PAIRS];
    unsigned n;
    bool hides; /* an address of the packet is allowed by what may be anything */
    const struct wn_state *of, *in; /* the old state and the new one */
};

/** Note that one is the other; false if it is another one, or there are too many. */
bool wn_pair(struct wn_pairs *p, uint32_t old, uint32_t now, int64_t by);
