/* SPDX-License-Identifier: MIT */
/** Clocks as the programs count them: in nanoseconds, in 64 bits. */
#pragma once

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND UINT64_C(1000000000)
#define CLOCK_MS     UINT64_C(1000000)

/** Nanoseconds of CLOCK_REALTIME or CLOCK_MONOTONIC. */
static inline uint64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec;
}
