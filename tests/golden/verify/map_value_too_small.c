/* SPDX-License-Identifier: MIT */
/* A value of 4 bytes, where the map has 8. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_value_too_small(struct xdp_md *ctx)
{
    __u32 both[2] = {1, ctx->ingress_ifindex};
    bpf_map_update_elem(&counts, &both[0], &both[1], 0);
    return XDP_PASS;
}
