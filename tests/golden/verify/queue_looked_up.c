/* SPDX-License-Identifier: MIT */
/* A queue has no keys: it is pushed to and popped from. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 16);
    __type(value, __u64);
} waiting SEC(".maps");

SEC("xdp")
int queue_looked_up(struct xdp_md *ctx)
{
    __u32 key = 0;
    return bpf_map_lookup_elem(&waiting, &key) ? XDP_PASS : XDP_DROP;
}
