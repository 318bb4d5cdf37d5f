/* SPDX-License-Identifier: MIT */
/** A loop that ends for every number of 16 bits, for a reason that no verifier knows.
 * Safe: 339 turns at most.
 * The kernel: "The sequence of 8193 jumps is too complex." */
#include "headers.h"

__u32 longest;

SEC("tc") int collatz(struct __sk_buff *skb)
{
    struct ethhdr *eth = PACKET(skb);
    if ((void *)(eth + 1) > PEND(skb))
        return TC_ACT_SHOT;
    __u64 n = bpf_ntohs(eth->h_proto);
    __u32 turns = 0;
    if (n == 0)
        return TC_ACT_SHOT;
    while (n != 1) {
        n = n & 1 ? 3 * n + 1 : n / 2;
        turns++;
    }
    if (turns > longest)
        longest = turns;
    return turns & 1 ? TC_ACT_OK : TC_ACT_PIPE;
}

char _license[] SEC("license") = "GPL";
