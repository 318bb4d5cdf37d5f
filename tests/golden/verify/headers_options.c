/* SPDX-License-Identifier: MIT */
/* Behind a header of variable length everything has to be compared for again. */
#include "programs.h"

SEC("xdp")
int headers_options(struct xdp_md *ctx)
{
    const struct ethhdr *eth = (void *)(long)ctx->data;
    const void *end = (void *)(long)ctx->data_end;
    const struct iphdr *ip = (const void *)(eth + 1);
    if ((const void *)(ip + 1) > end)
        return XDP_PASS;
    const struct tcphdr *tcp = (const void *)((const char *)ip + (ip->version_ihl & 15) * 4);
    return tcp->dest == bpf_htons(443) ? XDP_PASS : XDP_DROP;
}
