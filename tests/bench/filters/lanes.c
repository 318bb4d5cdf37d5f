/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** Ten sums over the packet's words: more than there are registers. One packet in 8. */
FILTER(lanes)(const u8 *p, u64 len, u64 wirelen);
FILTER(lanes)(const u8 *p, u64 len, u64 wirelen)
{
    u64 a = wirelen, b = len, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10;
    for (u64 at = 0; at + 8 <= len; at += 8) {
        u64 word = READ(u64, p + at);
        a += word;
        b ^= a + word;
        c += b >> 3;
        d ^= c;
        e += d << 5;
        f ^= e;
        g += f >> 7;
        h ^= g;
        i += h << 9;
        j ^= i + at;
    }
    u64 all = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j;
    return (all >> 32 & 7) == 0;
}
