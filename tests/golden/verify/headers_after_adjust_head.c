/* SPDX-License-Identifier: MIT */
/* The addresses were loaded before the packet was moved. */
#include "programs.h"

SEC("xdp")
int headers_after_adjust_head(struct xdp_md *ctx)
{
    const __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 18 > end || bpf_xdp_adjust_head(ctx, 4))
        return XDP_ABORTED;
    return data[12] == 8 ? XDP_PASS : XDP_DROP;
}
