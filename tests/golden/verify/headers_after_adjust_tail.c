/* SPDX-License-Identifier: MIT */
/* data is where it was, but nobody knows whether the end is. */
#include "programs.h"

SEC("xdp")
int headers_after_adjust_tail(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 64 > end)
        return XDP_PASS;
    bpf_xdp_adjust_tail(ctx, -20);
    data = (void *)(long)ctx->data;
    data[20] = 0;
    return XDP_TX;
}
