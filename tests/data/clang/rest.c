/* SPDX-License-Identifier: MIT */
/* Instructions that the other sources do not make every clang emit. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

void sink(u64 v);

u64 constants(u64 a)
{
    a = a * 10 / 7;
    a |= 0x100;
    a ^= 0x3000;
    a = a % 1000;
    return -a;
}

u32 narrow_constants(u32 a, u32 b)
{
    a |= 0x100;
    a ^= b;
    a |= b;
    a &= b ^ 0x55;
    a = a / b + a % b;
    a = a << (b & 31);
    a = a >> (b & 15);
    sink(a / 7 % 5);
    return a - b * a;
}

int signed_shift(int a, int b)
{
    return (a >> 5) + (a >> (b & 31));
}

#define BOTH(name, type, op)                                                                       \
    void name(type a, type b)                                                                      \
    {                                                                                              \
        if (a op 77)                                                                               \
            sink(1);                                                                               \
        if (a op b)                                                                                \
            sink(2);                                                                               \
        if (!(a op 1000))                                                                          \
            sink(3);                                                                               \
        if (!(b op a))                                                                             \
            sink(4);                                                                               \
    }
BOTH(equal, u64, ==)
BOTH(greater, u64, >)
BOTH(at_least, u64, >=)
BOTH(bits, u64, &)
BOTH(signed_greater, long long, >)
BOTH(signed_at_least, long long, >=)
BOTH(equal32, u32, ==)
BOTH(greater32, u32, >)
BOTH(at_least32, u32, >=)
BOTH(bits32, u32, &)
BOTH(signed_greater32, int, >)
BOTH(signed_at_least32, int, >=)

void stores(u8 *a, u16 *b, u32 *c, u64 *d)
{
    *a = 3;
    *b = 4;
    *c = 5;
    *d = 6;
}

u64 orders(u16 a, u32 b, u64 c)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap16(a) + __builtin_bswap32(b) + __builtin_bswap64(c);
#else
    return a + b + c;
#endif
}

#if ISA >= 3
void atomics(u64 *a, u32 *b, u64 v)
{
    __sync_fetch_and_add(a, v);
    __sync_fetch_and_or(a, v);
    __sync_fetch_and_and(a, v);
    __sync_fetch_and_xor(a, v);
    __sync_fetch_and_add(b, (u32)v);
    __sync_fetch_and_or(b, (u32)v);
    __sync_fetch_and_and(b, (u32)v);
    __sync_fetch_and_xor(b, (u32)v);
}

u64 fetching(u64 *a, u32 *b, u64 v)
{
    return __sync_fetch_and_xor(b, (u32)v) + __sync_fetch_and_and(b, (u32)v) +
           __sync_fetch_and_or(b, (u32)v) + __sync_fetch_and_and(a, v);
}
#endif

#if ISA >= 4
int narrow_extensions(int a, short *b)
{
    return (signed char)(a + 1) * (short)(a * 3 + *b);
}

int narrow_divisions(int a, int b)
{
    return a / b ^ a % b ^ a / -9 ^ a % 11;
}

long long wide_divisions(long long a, long long b)
{
    return (a / b ^ a % b) + (a / -9 ^ a % 11);
}
#endif
