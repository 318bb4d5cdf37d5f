/* SPDX-License-Identifier: MIT */
/** Numbers at which arithmetic goes wrong, and numbers without pattern. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NUMBERS_MAX 216 /* room for any of the lists below */

/**
 * 0, 1, -1, each power of two with its neighbours, the ends of the signed types
 * in 8, 16 and 32 bits as 64-bit numbers, two with eight different bytes; each
 * once. Returns how many.
 */
size_t numbers_corners(uint64_t out[NUMBERS_MAX]);

/** Of these and their negatives those that are immediates; each once. Returns how many. */
size_t numbers_immediates(int32_t out[NUMBERS_MAX]);

/** The next number of a sequence that begins at a seed (splitmix64). */
static inline uint64_t numbers_next(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
