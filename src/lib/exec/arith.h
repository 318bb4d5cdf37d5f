/* SPDX-License-Identifier: MIT */
/** Arithmetic of RFC 9669 (section 4.1) where C has no answer: division by zero, overflow. */
#pragma once

#include <stdint.h>

static inline uint64_t wn_div64(uint64_t a, uint64_t b)
{
    return b ? a / b : 0;
}

static inline uint64_t wn_mod64(uint64_t a, uint64_t b)
{
    return b ? a % b : a;
}

static inline uint32_t wn_div32(uint32_t a, uint32_t b)
{
    return b ? a / b : 0;
}

static inline uint32_t wn_mod32(uint32_t a, uint32_t b)
{
    return b ? a % b : a;
}

/** Signed; the smallest number divided by -1 stays what it is. */
static inline uint64_t wn_sdiv64(uint64_t a, uint64_t b)
{
    if (b == UINT64_MAX)
        return 0 - a;
    return b ? (uint64_t)((int64_t)a / (int64_t)b) : 0;
}

/** Signed; the remainder has the dividend's sign. */
static inline uint64_t wn_smod64(uint64_t a, uint64_t b)
{
    if (b == UINT64_MAX)
        return 0;
    return b ? (uint64_t)((int64_t)a % (int64_t)b) : a;
}

static inline uint32_t wn_sdiv32(uint32_t a, uint32_t b)
{
    if (b == UINT32_MAX)
        return 0 - a;
    return b ? (uint32_t)((int32_t)a / (int32_t)b) : 0;
}

static inline uint32_t wn_smod32(uint32_t a, uint32_t b)
{
    if (b == UINT32_MAX)
        return 0;
    return b ? (uint32_t)((int32_t)a % (int32_t)b) : a;
}
