/* SPDX-License-Identifier: MIT */
#include "filter.h"

INLINE int in(u32 address, u32 net, int bits)
{
    return (be32(address) & (u32)(0xffffffffu << (32 - bits))) == net;
}

#define NET(a, b, c, d) ((u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/** Sixteen rules over addresses, protocol and ports, the first that fits decides. */
FILTER(acl)(const u8 *p, u64 len, u64 wirelen);
FILTER(acl)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    if (len < 34 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    u32 src = READ(u32, p + 26), dst = READ(u32, p + 30);
    u8 proto = p[23];
    u64 at = 14 + (p[14] & 15) * 4;
    u16 sport = 0, dport = 0;
    if (proto == 6 || proto == 17) {
        if (len < at + 4)
            return 0;
        sport = be16(READ(u16, p + at));
        dport = be16(READ(u16, p + at + 2));
    }
    if (proto == 1)
        return 1;
    if (in(src, NET(192, 168, 13, 0), 24))
        return 0;
    if (in(dst, NET(10, 1, 0, 0), 16) && proto == 6 && dport == 22)
        return 1;
    if (in(dst, NET(10, 1, 0, 0), 16) && dport == 23)
        return 0;
    if (in(dst, NET(10, 2, 0, 0), 16) && dport >= 6000 && dport <= 6063)
        return 0;
    if (proto == 17 && dport == 53)
        return 1;
    if (proto == 17 && sport == 53)
        return 1;
    if (in(src, NET(172, 16, 0, 0), 12) && in(dst, NET(10, 0, 0, 0), 8))
        return 1;
    if (proto == 6 && (dport == 80 || dport == 443))
        return 1;
    if (proto == 6 && (sport == 80 || sport == 443))
        return 1;
    if (in(src, NET(10, 0, 0, 0), 8) && dport >= 1024)
        return 1;
    if (in(dst, NET(10, 3, 4, 0), 24))
        return 0;
    if (proto == 17 && dport == 123)
        return 1;
    if (proto == 17 && dport >= 33434 && dport <= 33534)
        return 1;
    if (proto == 47 || proto == 50)
        return 0;
    return dport == 8080;
}
