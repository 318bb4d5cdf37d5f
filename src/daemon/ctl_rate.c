/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_rate.h"

#define BYTES_PER_TOKEN 16384

static double filled(const struct ctl_bucket *bucket, int64_t now_ms)
{
    double tokens = bucket->tokens + (double)(now_ms - bucket->at_ms) * CTL_RATE / 1000;
    return tokens < CTL_BURST ? tokens : CTL_BURST;
}

/* With the table full, the fullest bucket goes: its owner loses least by a new one. */
static struct ctl_bucket *bucket_of(struct ctl_rate *rate, uid_t uid, int64_t now_ms)
{
    struct ctl_bucket *fullest = &rate->buckets[0];
    for (size_t i = 0; i < rate->count; i++) {
        struct ctl_bucket *bucket = &rate->buckets[i];
        if (bucket->uid == uid)
            return bucket;
        if (filled(bucket, now_ms) > filled(fullest, now_ms))
            fullest = bucket;
    }
    struct ctl_bucket *bucket =
        rate->count < CTL_RATE_USERS ? &rate->buckets[rate->count++] : fullest;
    *bucket = (struct ctl_bucket){.uid = uid, .tokens = CTL_BURST, .at_ms = now_ms};
    return bucket;
}

int64_t ctl_rate_take(struct ctl_rate *rate, uid_t uid, size_t bytes, int64_t now_ms)
{
    struct ctl_bucket *bucket = bucket_of(rate, uid, now_ms);
    double left = filled(bucket, now_ms) - (double)(1 + bytes / BYTES_PER_TOKEN);
    int64_t wait_ms = left < 0 ? (int64_t)(-left * 1000 / CTL_RATE) + 1 : 0;

    if (wait_ms > CTL_RATE_DELAY_MS)
        return -1;
    bucket->tokens = left;
    bucket->at_ms = now_ms;
    return wait_ms;
}
