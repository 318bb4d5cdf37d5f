/* SPDX-License-Identifier: MIT */
/** Buckets of 300 bytes: the kernel knows nothing of a quotient.
 * Safe: 65,535 / 300 is 218.
 * The kernel: "math between map_value pointer and register with unbounded min value is not allowed"
 */
#include "headers.h"

__u64 buckets[219];

SEC("tc") int divide(struct __sk_buff *skb)
{
    struct ethhdr *eth = PACKET(skb);
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > PEND(skb) || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    __u64 bytes = bpf_ntohs(ip->tot_len), by = 300;
    asm volatile("" : "+r"(by)); /* or clang multiplies and shifts */
    buckets[bytes / by]++;
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
