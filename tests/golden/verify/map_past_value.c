/* SPDX-License-Identifier: MIT */
/* The map's values are 8 bytes, and the program believes in 16. */
#include "programs.h"

struct entry {
    __u64 first, last;
};
MAP(entries, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_past_value(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    struct entry *e = bpf_map_lookup_elem(&entries, &key);
    if (e)
        e->last = 1;
    return XDP_PASS;
}
