/* SPDX-License-Identifier: MIT */
/* A ring buffer has no elements: records are written into it. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

SEC("xdp")
int ring_looked_up(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    return bpf_map_lookup_elem(&events, &key) ? XDP_PASS : XDP_DROP;
}
