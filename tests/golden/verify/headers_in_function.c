/* SPDX-License-Identifier: MIT */
/* The function compares, and whoever calls it does not look at what it says. */
#include "programs.h"

static __noinline int is_long(struct xdp_md *ctx)
{
    return (const __u8 *)(long)ctx->data + 14 <= (const __u8 *)(long)ctx->data_end;
}

SEC("xdp")
int headers_in_function(struct xdp_md *ctx)
{
    is_long(ctx);
    return ((const __u8 *)(long)ctx->data)[12] == 8 ? XDP_PASS : XDP_DROP;
}
