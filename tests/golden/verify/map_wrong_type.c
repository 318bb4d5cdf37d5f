/* SPDX-License-Identifier: MIT */
/* A tail call through a hash: it needs an array of programs. */
#include "programs.h"

MAP(ports, BPF_MAP_TYPE_HASH, 16, __u32, __u32);

SEC("xdp")
int map_wrong_type(struct xdp_md *ctx)
{
    bpf_tail_call(ctx, &ports, ctx->rx_queue_index);
    return XDP_PASS;
}
