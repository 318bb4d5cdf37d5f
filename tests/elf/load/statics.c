/* SPDX-License-Identifier: MIT */
/* Several static programs in one section, one of which calls another's neighbour. */
#include <winnow/bpf.h>

static __attribute__((noinline)) SEC("socket") unsigned long half(unsigned long n)
{
    return n / 2 + 3;
}

static SEC("socket") int first(struct __sk_buff *skb)
{
    return half(skb->len) + 1;
}

static SEC("socket") int second(struct __sk_buff *skb)
{
    return half(skb->len) + 2;
}

__attribute__((noinline)) int shared(unsigned int n)
{
    return n * 3 + 1;
}

SEC("socket1")
int third(struct __sk_buff *skb)
{
    return shared(skb->len) + half(skb->len);
}
