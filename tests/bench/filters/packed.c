/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** Addresses of IPv4 read without a promise of alignment. */
FILTER(packed)(const u8 *p, u64 len, u64 wirelen);
FILTER(packed)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ_PACKED(u16, p + 12) != be16(0x0800))
        return 0;
    return (READ_PACKED(u32, p + 26) ^ READ_PACKED(u32, p + 30)) % 3 == 0;
}
