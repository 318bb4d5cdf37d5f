/* SPDX-License-Identifier: MIT */
/* The address of a variable, where a map is wanted. */
#include "programs.h"

__u64 counts[256];

SEC("xdp")
int map_not_given(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    return bpf_map_lookup_elem(&counts, &key) ? XDP_PASS : XDP_DROP;
}
