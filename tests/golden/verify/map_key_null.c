/* SPDX-License-Identifier: MIT */
/* The key comes out of another map, where it may be missing. */
#include "programs.h"

MAP(aliases, BPF_MAP_TYPE_HASH, 256, __u32, __u32);
MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_key_null(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    return bpf_map_lookup_elem(&counts, bpf_map_lookup_elem(&aliases, &key)) ? XDP_PASS : XDP_DROP;
}
