/* SPDX-License-Identifier: MIT */
/* Programs are called, not looked up. */
#include "programs.h"

MAP(jumps, BPF_MAP_TYPE_PROG_ARRAY, 16, __u32, __u32);

SEC("xdp")
int map_of_programs(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    return bpf_map_lookup_elem(&jumps, &key) ? XDP_PASS : XDP_DROP;
}
