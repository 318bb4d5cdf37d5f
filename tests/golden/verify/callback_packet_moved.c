/* SPDX-License-Identifier: MIT */
/* Behind the calls the packet may lie elsewhere. */
#include "programs.h"

static long body(__u32 i, struct xdp_md **ctx)
{
    return bpf_xdp_adjust_head(*ctx, 4) != 0;
}

SEC("xdp")
int callback_packet_moved(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (data + 14 > end)
        return XDP_DROP;
    bpf_loop(2, body, &ctx, 0);
    return data[12] == 8 ? XDP_PASS : XDP_DROP;
}
