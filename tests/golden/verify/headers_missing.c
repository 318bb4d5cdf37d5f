/* SPDX-License-Identifier: MIT */
/* The Ethernet header is compared for, the IP header behind it is not. */
#include "programs.h"

SEC("xdp")
int headers_missing(struct xdp_md *ctx)
{
    const struct ethhdr *eth = (void *)(long)ctx->data;
    const void *end = (void *)(long)ctx->data_end;
    if ((const void *)(eth + 1) > end || eth->h_proto != bpf_htons(0x0800))
        return XDP_PASS;
    const struct iphdr *ip = (const void *)(eth + 1);
    return ip->protocol == 6 ? XDP_PASS : XDP_DROP;
}
