/* SPDX-License-Identifier: MIT */
/** Tells of each packet by a perf event, with its first bytes. */
#include "events.h"

SEC("xdp") int xdp_events(struct xdp_md *ctx)
{
    return tell(ctx, ctx->data_end - ctx->data) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
