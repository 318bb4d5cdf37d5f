/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** TCP over IPv4 that offers segments of 1400 bytes and less, by a loop over its options. */
FILTER(options)(const u8 *p, u64 len, u64 wirelen);
FILTER(options)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800) || p[23] != 6)
        return 0;
    u64 at = 14 + (p[14] & 15) * 4;
    if (len < at + 20)
        return 0;
    u64 end = at + (p[at + 12] >> 4) * 4;
    if (end > len)
        return 0;
    for (at += 20; at + 2 <= end;) {
        u8 kind = p[at];
        if (kind == 0)
            return 0;
        if (kind == 1) {
            at++;
            continue;
        }
        u8 bytes = p[at + 1];
        if (bytes < 2 || at + bytes > end)
            return 0;
        if (kind == 2 && bytes == 4)
            return be16(READ(u16, p + at + 2)) <= 1400;
        at += bytes;
    }
    return 0;
}
