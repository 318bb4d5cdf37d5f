/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** Packets that look random: no upper half of a byte fills a quarter of the first 64. */
FILTER(histogram)(const u8 *p, u64 len, u64 wirelen);
FILTER(histogram)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    u64 n = len < 64 ? len : 64;
    u8 count[16] = {0};
    for (u64 i = 0; i < n; i++)
        if (++count[p[i] >> 4] > 16)
            return 0;
    return 1;
}
