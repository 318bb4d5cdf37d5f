/* SPDX-License-Identifier: MIT */
/** A program that calls itself until it may no more: 33 times. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
    __uint(max_entries, 1);
} itself SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 1);
} runs SEC(".maps");

SEC("tc") int tc_chain(struct __sk_buff *skb)
{
    __u32 zero = 0;
    __u64 *count = bpf_map_lookup_elem(&runs, &zero);
    if (count)
        (*count)++;
    skb->cb[0]++;
    skb->mark = skb->mark * 3 + skb->cb[0];
    if (skb->cb[0] <= (skb->len & 63))
        bpf_tail_call(skb, &itself, 0);
    return skb->cb[0] & 1 ? TC_ACT_OK : TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
