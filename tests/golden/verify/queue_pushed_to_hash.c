/* SPDX-License-Identifier: MIT */
/* A hash is updated, not pushed to. */
#include "programs.h"

MAP(ports, BPF_MAP_TYPE_HASH, 16, __u32, __u32);

SEC("xdp")
int queue_pushed_to_hash(struct xdp_md *ctx)
{
    __u32 queue = ctx->rx_queue_index;
    return bpf_map_push_elem(&ports, &queue, 0) ? XDP_PASS : XDP_DROP;
}
