/* SPDX-License-Identifier: MIT */
#include "filter.h"

INLINE u64 rol64(u64 x, u32 n)
{
    return x << n | x >> (64 - n);
}

struct lanes {
    u64 a, b, c, d;
};

INLINE void rounds(struct lanes *v, int n)
{
    for (int i = 0; i < n; i++) {
        v->a += v->b;
        v->b = rol64(v->b, 13) ^ v->a;
        v->a = rol64(v->a, 32);
        v->c += v->d;
        v->d = rol64(v->d, 16) ^ v->c;
        v->a += v->d;
        v->d = rol64(v->d, 21) ^ v->a;
        v->c += v->b;
        v->b = rol64(v->b, 17) ^ v->c;
        v->c = rol64(v->c, 32);
    }
}

INLINE void take(struct lanes *v, u64 word)
{
    v->d ^= word;
    rounds(v, 2);
    v->a ^= word;
}

/** SipHash-2-4 of addresses, ports and protocol of IPv4: one flow in 8. */
FILTER(siphash)(const u8 *p, u64 len, u64 wirelen);
FILTER(siphash)(const u8 *p, u64 len, u64 wirelen)
{
    const u64 key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    (void)wirelen;
    if (len < 38 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    u64 at = 14 + (p[14] & 15) * 4;
    if (len < at + 4)
        return 0;
    struct lanes v = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                      key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    take(&v, (u64)READ(u32, p + 30) << 32 | READ(u32, p + 26));
    take(&v, (u64)13 << 56 | (u64)p[23] << 32 | READ(u32, p + at));
    v.c ^= 0xff;
    rounds(&v, 4);
    return ((v.a ^ v.b ^ v.c ^ v.d) & 7) == 0;
}
