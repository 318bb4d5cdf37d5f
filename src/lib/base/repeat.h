/* SPDX-License-Identifier: MIT */
/**
 * Helpers that call a function of the program again and again: bpf_loop() and
 * the like. They only say with what; the calls are the engine's, as any other
 * call of a function: in the same frames, for the same fuel, with the same faults.
 *
 * What becomes of `call bpf_loop`, in all engines:
 *
 *     r0 = bpf_loop(r1, ..., r5)          wn_repeat_begin(), and a result of 0
 *     while (again = wn_repeat_next(r0))  the first time the helper's 0
 *         r0 = again->slot(again->args)   spends the callee's slots first
 *     r0 = wn_repeat_end()
 */
#pragma once

#include "base/run.h"

/** For wn_repeat.slot: what is no function's address. */
static inline uint64_t wn_repeat_slot(uint64_t function)
{
    return function ^ WN_FUNC_TAG;
}

/**
 * In a helper: have a function called, as often as `next` says so.
 *
 * The repetition, all zero but for its function and `next`; NULL if so many lie
 * within each other that there is no room, and then the run ends.
 */
struct wn_repeat *wn_repeat_begin(struct wn_run *run, uint64_t function,
                                  bool (*next)(struct wn_run *run, struct wn_repeat *rep));

/**
 * Of the innermost repetition, as engines call it: whether the function is called
 * (again).
 *
 * r1   what it has returned, or 0 the first time; anything else ends the repetition
 *
 * The address of a struct wn_repeat whose slot and args are set, or 0.
 */
uint64_t wn_repeat_next(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                        struct wn_run *run);

/** As engines call it when there is no next one: the helper's result. */
uint64_t wn_repeat_end(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run);
