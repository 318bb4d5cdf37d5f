/* SPDX-License-Identifier: MIT */
/* How often is what somebody wrote into a map. */
#include "programs.h"

volatile __u32 rounds;

SEC("xdp")
int loop_over_map(struct xdp_md *ctx)
{
    __u32 n = rounds, x = ctx->rx_queue_index;
    for (__u32 i = 0; i < n; i++)
        asm volatile("%0 ^= %1" : "+r"(x) : "r"(i));
    return x & 1 ? XDP_PASS : XDP_DROP;
}
