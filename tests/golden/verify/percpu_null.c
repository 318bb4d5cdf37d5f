/* SPDX-License-Identifier: MIT */
/* There may be no such CPU, or no such key. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_PERCPU_HASH, 16, __u32, __u64);

SEC("xdp")
int percpu_null(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    __u64 *count = bpf_map_lookup_percpu_elem(&counts, &key, 1);
    return *count > 5 ? XDP_PASS : XDP_DROP;
}
