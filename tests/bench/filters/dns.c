/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** Questions to port 53 over IPv4 for names of two labels and more; the verdict is of the name. */
FILTER(dns)(const u8 *p, u64 len, u64 wirelen);
FILTER(dns)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800) || p[23] != 17)
        return 0;
    u64 at = 14 + (p[14] & 15) * 4;
    if (len < at + 20 || READ(u16, p + at + 2) != be16(53))
        return 0;
    u32 labels = 0, hash = 2166136261u;
    for (at += 20; at < len; labels++) {
        u64 end = at + p[at] + 1;
        if (p[at] == 0)
            return labels < 2 ? 0 : 1 + (hash & 15);
        if (p[at] > 63 || end > len)
            return 0;
        while (++at < end)
            hash = (hash ^ (p[at] | 0x20)) * 16777619u;
    }
    return 0;
}
