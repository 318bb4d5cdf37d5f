/* SPDX-License-Identifier: MIT */
/* Arithmetic of both widths; ISA is the instruction set's version. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

u64 wide(u64 a, u64 b, u64 c)
{
    a = a * b + (c ^ 0x123456789abcdef0ull);
    a = (a | b) & ~c;
    a -= b << (c & 63);
    a += b >> (a & 63);
    return a / (b | 1) + a % (c | 3) - (u64) - (long long)b;
}

u32 narrow(u32 a, u32 b, u32 c)
{
    a = a * 31 + (b ^ 0xdeadbeef);
    a = (a << 7 | a >> 25) - c / 10;
    a ^= (u32)((int)b >> (c & 31)) % 77;
    return -a & 0x7ffffff0;
}

long long shifts(long long a, int b, signed char c, short d)
{
    return (a >> 9) + (b >> 3) + c * 5 + d * 7 + (long long)b * 3;
}

u64 swaps(u16 *a, u32 *b, u64 *c)
{
    return __builtin_bswap16(*a) + (u64)__builtin_bswap32(*b) + __builtin_bswap64(*c);
}

#if ISA >= 4
long long divisions(long long a, long long b, int c, int d)
{
    return a / b + a % b + c / d + c % d + a / 10 + c % -7;
}

long long extensions(signed char *a, short *b, int *c)
{
    return *a + *b + *c + (signed char)(*c >> 1);
}
#endif
