/* SPDX-License-Identifier: MIT */
/* A global array is no larger than it says, either. */
#include "programs.h"

__u32 seen[64];

SEC("xdp")
int variable_index(struct xdp_md *ctx)
{
    seen[ctx->rx_queue_index]++;
    return XDP_PASS;
}
