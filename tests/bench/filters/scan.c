/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** Packets with "GET" in their first 64 bytes. */
FILTER(scan)(const u8 *p, u64 len, u64 wirelen);
FILTER(scan)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    u64 end = len < 64 ? len : 64;
    u32 window = 0;
    for (u64 i = 0; i < end; i++) {
        window = (window << 8 | p[i]) & 0xffffff;
        if (window == 0x474554)
            return 1;
    }
    return 0;
}
