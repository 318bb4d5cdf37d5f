/* SPDX-License-Identifier: MIT */
/* What was looked up is used as if it were always there. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_null(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    __u64 *count = bpf_map_lookup_elem(&counts, &key);
    *count += 1;
    return XDP_PASS;
}
