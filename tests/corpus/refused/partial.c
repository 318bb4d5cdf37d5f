/* SPDX-License-Identifier: MIT */
/** A detour through 32 bits: the context's fields are that wide, so clang may copy only as much.
 * Safe: the upper half is zero on both sides.
 * The kernel: "R1 invalid mem access 'scalar'" */
#include "headers.h"

SEC("xdp") int partial(struct xdp_md *ctx)
{
    __u32 start = ctx->data, stop = ctx->data_end;
    asm volatile("%0 = %0" : "+w"(start));
    asm volatile("%0 = %0" : "+w"(stop));
    void *data = (void *)(unsigned long)start, *end = (void *)(unsigned long)stop;
    struct ethhdr *eth = data;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    return eth->h_proto == bpf_htons(ETH_P_ARP) ? XDP_TX : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
