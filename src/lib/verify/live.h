/* SPDX-License-Identifier: MIT */
/** What may still matter of registers and stack, before each instruction. */
#pragma once

#include "verify/state.h"

/**
 * Masks of registers and of words of the frame's stack (8 bytes each, the lowest
 * first). What a register holds matters (`deep`) if an address, a branch or the
 * size of some memory may depend on it; of one that is only stored, or returned
 * from the program, it matters that something has been written (`shallow`).
 */
struct wn_live {
    uint16_t *deep;
    uint16_t *shallow;
    uint64_t *stack; /* words that may be loaded through r10 */
    bool spills;     /* that the stack may be used through other registers was allowed for */
};

/**
 * Find out.
 *
 * code   decoded and checked by wn_flow_check(), its helpers are this library's
 * spills whether the stack is also used through other registers: then all of it
 *        always matters
 *
 * Returns false without memory.
 */
bool wn_live_init(struct wn_live *live, const struct wn_code *code, bool spills,
                  struct wn_heap *heap);

void wn_live_fini(struct wn_live *live, const struct wn_code *code, struct wn_heap *heap);
