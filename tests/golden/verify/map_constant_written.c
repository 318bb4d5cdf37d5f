/* SPDX-License-Identifier: MIT */
/* const was cast away, but the variable is one nobody can write. */
#include "programs.h"

const volatile __u32 limit = 100;

SEC("xdp")
int map_constant_written(struct xdp_md *ctx)
{
    *(volatile __u32 *)&limit = ctx->rx_queue_index;
    return XDP_PASS;
}
