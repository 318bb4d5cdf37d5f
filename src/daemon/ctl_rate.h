/* SPDX-License-Identifier: MIT */
/** How fast each user may ask: token buckets by uid, on a clock the caller brings. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CTL_RATE          200 /* requests a second and uid */
#define CTL_BURST         400 /* of them at once */
#define CTL_RATE_USERS    128
#define CTL_RATE_DELAY_MS 1000 /* who would have to wait longer is told to come back */

struct ctl_bucket {
    uid_t uid;
    double tokens; /* below 0: promised to requests that wait */
    int64_t at_ms; /* when tokens was right */
};

/** Zero is nobody has asked yet. */
struct ctl_rate {
    struct ctl_bucket buckets[CTL_RATE_USERS];
    size_t count;
};

/**
 * Ask to serve a request of `bytes` bytes; a long one weighs more, for it
 * takes longer to read.
 *
 * Returns the milliseconds to wait first (the request is then paid for), 0 to
 * serve it at once, or -1 if the user has asked for too much.
 */
int64_t ctl_rate_take(struct ctl_rate *rate, uid_t uid, size_t bytes, int64_t now_ms);
