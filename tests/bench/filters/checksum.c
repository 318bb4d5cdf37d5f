/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** IPv4 headers whose checksum is right, by a loop. */
FILTER(checksum)(const u8 *p, u64 len, u64 wirelen);
FILTER(checksum)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    u64 bytes = (p[14] & 15) * 4;
    if (bytes < 20 || len < 14 + bytes)
        return 0;
    u32 sum = 0;
    for (u64 i = 0; i < bytes; i += 2)
        sum += READ(u16, p + 14 + i);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}
