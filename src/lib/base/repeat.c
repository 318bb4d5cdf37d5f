/* SPDX-License-Identifier: MIT */
#include "base/repeat.h"

#include <string.h>

struct wn_repeat *wn_repeat_begin(struct wn_run *run, uint64_t function,
                                  bool (*next)(struct wn_run *run, struct wn_repeat *rep))
{
    if (run->n_repeats == WN_REPEATS) {
        wn_run_end(run, WN_FAULT_STACK);
        return NULL;
    }
    struct wn_repeat *rep = &run->repeats[run->n_repeats++];
    memset(rep, 0, sizeof *rep);
    rep->slot = wn_repeat_slot(function);
    rep->next = next;
    return rep;
}

uint64_t wn_repeat_next(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                        struct wn_run *run)
{
    (void)r2, (void)r3, (void)r4, (void)r5;
    struct wn_repeat *rep = &run->repeats[run->n_repeats - 1];
    return r1 == 0 && rep->next(run, rep) ? (uint64_t)(uintptr_t)rep : 0;
}

uint64_t wn_repeat_end(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                       struct wn_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    return run->repeats[--run->n_repeats].result;
}
