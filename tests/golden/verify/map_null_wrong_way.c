/* SPDX-License-Identifier: MIT */
/* The comparison is the wrong way around. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_null_wrong_way(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    __u64 *count = bpf_map_lookup_elem(&counts, &key), *found = count;
    asm volatile("" : "+r"(found)); /* else clang uses the NULL that it sees coming */
    if (found)
        return XDP_PASS;
    *count = 1;
    return XDP_DROP;
}
