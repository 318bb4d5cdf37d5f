/* SPDX-License-Identifier: MIT */
/* Branches of every condition, loops, calls of all kinds, the legacy packet loads. */
typedef unsigned int u32;
typedef unsigned long long u64;

static u64 (*const ktime_get_ns)(void) = (void *)5;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
u64 load_byte(void *skb, u64 off) asm("llvm.bpf.load.byte");
u64 load_half(void *skb, u64 off) asm("llvm.bpf.load.half");
u64 load_word(void *skb, u64 off) asm("llvm.bpf.load.word");
void sink(u64 v);

__attribute__((noinline)) static u64 twice(u64 v)
{
    sink(v);
    return v * 2;
}

int conditions(u64 a, u64 b, u32 c, u32 d, long long e)
{
    if (a > b)
        sink(1);
    if (a >= 1000)
        sink(2);
    if (c < d)
        sink(3);
    if (e < -5)
        sink(4);
    if (e > (long long)b)
        sink(5);
    if ((int)c <= (int)d)
        sink(6);
    if (a & 0x40)
        sink(7);
    if (c == 0x800 || d != 0x86dd)
        sink(8);
    if ((int)d >= -77)
        sink(9);
    return e == 3 ? 1 : a == b;
}

u64 loop(u64 n, u64 (*visit)(u64))
{
    u64 all = 0;
    while (n-- > 3)
        all += twice(n) + visit(n);
    return all + ktime_get_ns() + (u64)map_delete(0, &all);
}

int state(u32 *at, u32 event)
{
    switch (event) {
    case 0: return *at == 4;
    case 1: *at = 9; return 7;
    case 2: sink(*at); break;
    case 17: *at += 100; break;
    case 40: return -1;
    default: return (int)twice(event);
    }
    return 0;
}

u64 packet(void *skb)
{
    u64 at = load_byte(skb, 14) & 15;
    return load_half(skb, 12) + load_word(skb, 26) + load_byte(skb, at) +
           load_half(skb, at * 4 + 2) + load_word(skb, at + 30);
}
