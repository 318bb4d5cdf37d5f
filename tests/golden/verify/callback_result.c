/* SPDX-License-Identifier: MIT */
/* Neither 0, to go on, nor 1, to stop. */
#include "programs.h"

static long body(__u32 i, __u64 *sum)
{
    *sum += i;
    return *sum;
}

SEC("xdp")
int callback_result(struct xdp_md *ctx)
{
    __u64 sum = ctx->rx_queue_index;
    bpf_loop(10, body, &sum, 0);
    return sum;
}
