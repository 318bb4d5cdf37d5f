/* SPDX-License-Identifier: MIT */
/**
 * Locks in values. A program holds one at a time, and while it does it calls no helper:
 * so nobody waits for anybody who waits. Programs of which that is not proved end where
 * they do otherwise; a run that ends lets go.
 */
#include "base/lock.h"

#include "helper/helper.h"

HELPER(spin_lock)
{
    struct wn_lock *lock = wn_run_lock_at(run, r1);
    if (!lock || run->lock) {
        wn_run_end(run, WN_FAULT_HELPER);
        return 0;
    }
    wn_lock_hold(lock);
    run->lock = lock;
    run->lock_address = r1;
    return 0;
}

HELPER(spin_unlock)
{
    if (!run->lock || run->lock_address != r1) {
        wn_run_end(run, WN_FAULT_HELPER);
        return 0;
    }
    wn_lock_drop(run->lock);
    run->lock = NULL;
    return 0;
}
