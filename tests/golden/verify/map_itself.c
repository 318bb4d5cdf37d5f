/* SPDX-License-Identifier: MIT */
/* The map, as if it were its first value. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_ARRAY, 1, __u32, __u64);

SEC("xdp")
int map_itself(struct xdp_md *ctx)
{
    return *(volatile __u64 *)&counts ? XDP_PASS : XDP_DROP;
}
