/* SPDX-License-Identifier: MIT */
/** Tail calls from a function: it ends with the other program's result, and its caller goes on. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
    __uint(max_entries, 4);
} jumps SEC(".maps");

SEC("tc") int tc_subtail_even(struct __sk_buff *skb)
{
    skb->cb[1] = 0xeeee;
    return 10 + (skb->len & 3);
}

SEC("tc") int tc_subtail_odd(struct __sk_buff *skb)
{
    skb->cb[1] = skb->cb[0] * 7;
    return skb->protocol & 0x3f;
}

static __attribute__((noinline)) int ask(struct __sk_buff *skb, __u32 which)
{
    bpf_tail_call(skb, &jumps, which);
    return 1000; /* nobody there */
}

SEC("tc") int tc_subtail(struct __sk_buff *skb)
{
    skb->cb[0] = skb->len;
    int one = ask(skb, skb->len & 3);
    int two = ask(skb, skb->cb[1] & 1);
    skb->cb[2] = one;
    skb->cb[3] = two;
    skb->mark = one * 100000 + two;
    return one == two ? TC_ACT_OK : TC_ACT_PIPE;
}

char _license[] SEC("license") = "GPL";
