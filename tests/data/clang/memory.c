/* SPDX-License-Identifier: MIT */
/* Loads, stores and atomics of every width, constants and addresses. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct record {
    u8 a;
    u16 b;
    u32 c;
    u64 d;
    u8 tail[300];
};

u64 total;
const u64 table[4] = {1, 0x100000000, 3, 0xffffffffffffffff};

void fill(struct record *r, u64 v)
{
    r->a = 1;
    r->b = 0x1234;
    r->c = 0x80000000;
    r->d = 7;
    r[1].a = (u8)v;
    r[1].b = (u16)v;
    r[1].c = (u32)v;
    r[1].d = v;
    r[-1].tail[299] = (u8)(v >> 8);
}

u64 sum(const struct record *r, u32 n)
{
    u64 all = 0;
    for (u32 i = 0; i < n; i++)
        all += r[i].a + r[i].b + r[i].c + r[i].d + table[i & 3];
    return all;
}

u64 spilled(u64 a, u64 b)
{
    volatile u64 local[8];
    volatile u32 small = (u32)a;
    for (int i = 0; i < 8; i++)
        local[i] = a + b * (u64)i;
    return local[small & 7] + 0xfedcba9876543210ull;
}

void add(u64 *a, u32 *b, u64 v)
{
    __sync_fetch_and_add(a, v);
    __sync_fetch_and_add(b, (u32)v);
    total += v;
}

#if ISA >= 3
u64 exchange(u64 *a, u32 *b, u64 v)
{
    u64 r = __sync_fetch_and_add(a, v) + __sync_fetch_and_or(a, v) + __sync_fetch_and_and(a, v);
    r += __sync_fetch_and_xor(a, v) + __sync_lock_test_and_set(a, v);
    r += __sync_val_compare_and_swap(a, v, r);
    r += __sync_fetch_and_add(b, (u32)v) + __sync_fetch_and_or(b, 7u) + __sync_fetch_and_and(b, 3u);
    r += __sync_lock_test_and_set(b, (u32)v) + __sync_val_compare_and_swap(b, (u32)v, (u32)r);
    __sync_fetch_and_or(a, v);
    __sync_fetch_and_xor(b, (u32)v);
    return r;
}
#endif
