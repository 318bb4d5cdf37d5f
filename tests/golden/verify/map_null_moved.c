/* SPDX-License-Identifier: MIT */
/* A member of what was looked up is computed, and that is compared. */
#include "programs.h"

struct entry {
    __u64 first, last;
};
MAP(entries, BPF_MAP_TYPE_HASH, 256, __u32, struct entry);

SEC("xdp")
int map_null_moved(struct xdp_md *ctx)
{
    __u32 key = ctx->ingress_ifindex;
    struct entry *e = bpf_map_lookup_elem(&entries, &key);
    __u64 *last = (__u64 *)((char *)e + 8);
    asm volatile("" : "+r"(last));
    if (!last)
        return XDP_DROP;
    *last = 1;
    return XDP_PASS;
}
