/* SPDX-License-Identifier: MIT */
/* Values of other CPUs, where all have the same one. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 16, __u32, __u64);

SEC("xdp")
int percpu_of_plain_hash(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    return bpf_map_lookup_percpu_elem(&counts, &key, 0) ? XDP_PASS : XDP_DROP;
}
