/* SPDX-License-Identifier: MIT */
/* The key itself is passed, not its address. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_key_missing(struct xdp_md *ctx)
{
    return bpf_map_lookup_elem(&counts, (void *)(long)ctx->ingress_ifindex) ? XDP_PASS : XDP_DROP;
}
