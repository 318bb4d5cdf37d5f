/* SPDX-License-Identifier: MIT */
/** A lock of four bytes, small enough for each bucket of a hash; all zero is unlocked. */
#pragma once

#include <stdatomic.h>

struct wn_lock {
    atomic_uint word; /* 0 free, 1 held, 2 held and somebody may be waiting */
};

/** Wait until the lock is free; wn_lock_hold() without luck at the first try. */
void wn_lock_wait(struct wn_lock *lock);

/** Wake one that waits. */
void wn_lock_wake(struct wn_lock *lock);

/** Take the lock; not twice in one thread. */
static inline void wn_lock_hold(struct wn_lock *lock)
{
    unsigned none = 0;
    if (!atomic_compare_exchange_strong_explicit(&lock->word, &none, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        wn_lock_wait(lock);
}

/** Let go. */
static inline void wn_lock_drop(struct wn_lock *lock)
{
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        wn_lock_wake(lock);
}
