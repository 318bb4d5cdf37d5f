/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** TCP over IPv4 to port 80. */
FILTER(port)(const u8 *p, u64 len, u64 wirelen);
FILTER(port)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    if (p[23] != 6 || READ(u16, p + 20) & be16(0x1fff))
        return 0;
    u64 at = 14 + (p[14] & 15) * 4;
    if (len < at + 4)
        return 0;
    return READ(u16, p + at + 2) == be16(80);
}
