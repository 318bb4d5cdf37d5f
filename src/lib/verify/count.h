/* SPDX-License-Identifier: MIT */
/** Counts that are as large as they can be rather than wrap. */
#pragma once

#include <stdint.h>

static inline uint64_t wn_count_times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t wn_count_plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
