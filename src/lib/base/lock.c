/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is done under these locks takes less than this many looks at the word. */
#define SPINS 100

static void futex(struct wn_lock *lock, int what, unsigned value)
{
    int kept = errno;
    syscall(SYS_futex, &lock->word, what, value, NULL, NULL, 0);
    errno = kept;
}

void wn_lock_wait(struct wn_lock *lock)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned none = 0;
        if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_weak_explicit(&lock->word, &none, 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
    }
    /* Taken with 2: whether others wait too is not known, and a wake too many does no harm. */
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
        futex(lock, FUTEX_WAIT_PRIVATE, 2);
}

void wn_lock_wake(struct wn_lock *lock)
{
    futex(lock, FUTEX_WAKE_PRIVATE, 1);
}
