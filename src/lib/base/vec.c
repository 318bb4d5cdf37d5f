/* SPDX-License-Identifier: MIT */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>

bool wn_vec_grow(void **data, size_t *cap, size_t len, size_t size)
{
    size_t want = len < 8 ? 16 : len * 2;
    if (want > SIZE_MAX / 2 / size)
        return false;
    void *grown = realloc(*data, want * size);
    if (!grown)
        return false;
    *data = grown;
    *cap = want;
    return true;
}
