/* SPDX-License-Identifier: MIT */
#include "filter.h"

INLINE u32 rol(u32 x, u32 n)
{
    return x << n | x >> (32 - n);
}

/** Jenkins's lookup3, the last step. */
INLINE u32 mix(u32 a, u32 b, u32 c)
{
    c = (c ^ b) - rol(b, 14);
    a = (a ^ c) - rol(c, 11);
    b = (b ^ a) - rol(a, 25);
    c = (c ^ b) - rol(b, 16);
    a = (a ^ c) - rol(c, 4);
    b = (b ^ a) - rol(a, 14);
    return (c ^ b) - rol(b, 24);
}

/** Addresses, protocol and ports of IPv4 and IPv6, behind a VLAN tag or not: one flow in 8. */
FILTER(tuple)(const u8 *p, u64 len, u64 wirelen);
FILTER(tuple)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    u64 at = 14;
    if (len < 34)
        return 0;
    u16 type = READ(u16, p + 12);
    if (type == be16(0x8100)) {
        type = READ(u16, p + 16);
        at = 18;
    }
    u32 a, b, proto, ports = 0;
    if (type == be16(0x0800)) {
        if (len < at + 20)
            return 0;
        proto = p[at + 9];
        a = READ(u32, p + at + 12);
        b = READ(u32, p + at + 16);
        at += (p[at] & 15) * 4;
    } else if (type == be16(0x86dd)) {
        if (len < at + 40)
            return 0;
        proto = p[at + 6];
        a = READ(u32, p + at + 8) ^ READ(u32, p + at + 12) ^ READ(u32, p + at + 16) ^
            READ(u32, p + at + 20);
        b = READ(u32, p + at + 24) ^ READ(u32, p + at + 28) ^ READ(u32, p + at + 32) ^
            READ(u32, p + at + 36);
        at += 40;
    } else {
        return 0;
    }
    if (proto == 6 || proto == 17) {
        if (len < at + 4)
            return 0;
        ports = READ(u32, p + at);
    }
    return (mix(a, b, ports ^ proto) & 7) == 0;
}
