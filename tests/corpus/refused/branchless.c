/* SPDX-License-Identifier: MIT */
/** A comparison whose result is computed, not jumped on: that it is 1 says nothing to the kernel.
 * Safe: the bit is the sign of what is left behind the header.
 * The kernel: "R2 offset is outside of the packet" */
#include "headers.h"

SEC("xdp") int branchless(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    __s64 left = (end - data) - (__s64)(sizeof(struct ethhdr) + sizeof(struct ipv6hdr));
    asm volatile("" : "+r"(left)); /* or clang compares after all, here */
    __u64 fits = ~(__u64)left >> 63;
    asm volatile("" : "+r"(fits)); /* and here */

    struct ethhdr *eth = data;
    struct ipv6hdr *ip = (void *)(eth + 1);
    if (fits == 0)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IPV6))
        return XDP_PASS;
    return ip->hop_limit < 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
