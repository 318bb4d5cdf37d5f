/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <assert.h>

/** Append a number that is not there yet. */
static size_t add(uint64_t *list, size_t n, uint64_t v)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == v)
            return n;
    assert(n < NUMBERS_MAX);
    list[n] = v;
    return n + 1;
}

size_t numbers_corners(uint64_t out[NUMBERS_MAX])
{
    size_t n = 0;
    for (unsigned k = 0; k < 64; k++)
        for (uint64_t near = 0; near < 3; near++)
            n = add(out, n, (UINT64_C(1) << k) + near - 1);
    for (unsigned k = 7; k < 32; k = 2 * k + 1)
        for (uint64_t near = 0; near < 3; near++)
            n = add(out, n, 0 - (UINT64_C(1) << k) + near - 1);
    n = add(out, n, UINT64_MAX);
    n = add(out, n, UINT64_C(0x0123456789abcdef));
    return add(out, n, UINT64_C(0xfedcba9876543210));
}

size_t numbers_immediates(int32_t out[NUMBERS_MAX])
{
    uint64_t corners[NUMBERS_MAX], kept[NUMBERS_MAX];
    size_t n = numbers_corners(corners), found = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        uint64_t v = i < n ? corners[i] : 0 - corners[i - n];
        if (v == (uint64_t)(int64_t)(int32_t)(uint32_t)v)
            found = add(kept, found, v);
    }
    for (size_t i = 0; i < found; i++)
        out[i] = (int32_t)(uint32_t)kept[i];
    return found;
}
