/* SPDX-License-Identifier: MIT */
/* Used first, compared afterwards. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_compared_too_late(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    volatile __u64 *count = bpf_map_lookup_elem(&counts, &key);
    __u64 before = *count;
    if (!count)
        return XDP_ABORTED;
    return before > 100 ? XDP_DROP : XDP_PASS;
}
