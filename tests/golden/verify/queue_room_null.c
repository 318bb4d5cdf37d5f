/* SPDX-License-Identifier: MIT */
/* What a queue gives goes into an element that is not there. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 16);
    __type(value, __u64);
} waiting SEC(".maps");
MAP(last, BPF_MAP_TYPE_HASH, 16, __u32, __u64);

SEC("xdp")
int queue_room_null(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    return bpf_map_pop_elem(&waiting, bpf_map_lookup_elem(&last, &key)) ? XDP_PASS : XDP_DROP;
}
