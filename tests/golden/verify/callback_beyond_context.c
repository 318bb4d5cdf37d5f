/* SPDX-License-Identifier: MIT */
/* The function counts in two variables, and is given one. */
#include "programs.h"

static long body(__u32 i, __u64 *sums)
{
    sums[i & 1] += i;
    return 0;
}

SEC("xdp")
int callback_beyond_context(struct xdp_md *ctx)
{
    __u64 sum = ctx->rx_queue_index;
    bpf_loop(10, body, &sum, 0);
    return sum;
}
