/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** One's complement sum of whole words. */
static __attribute__((noinline)) u64 sum(const u8 *p, u64 bytes, u64 before)
{
    for (u64 i = 0; i + 4 <= bytes; i += 4)
        before += READ(u32, p + i);
    before = (before & 0xffffffff) + (before >> 32);
    before = (before & 0xffff) + (before >> 16);
    return (before & 0xffff) + (before >> 16);
}

/** IPv4 whose header and the 20 bytes behind it have sums of one parity, by calls. */
FILTER(functions)(const u8 *p, u64 len, u64 wirelen);
FILTER(functions)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    u64 bytes = (p[14] & 15) * 4;
    if (bytes < 20 || len < 14 + bytes + 20)
        return 0;
    return ((sum(p + 14, bytes, 0) ^ sum(p + 14 + bytes, 20, p[23])) & 1) == 0;
}
