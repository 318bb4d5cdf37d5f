/* SPDX-License-Identifier: MIT */
/* What is given back begins with the header. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_part(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e->queue = ctx->rx_queue_index;
    bpf_ringbuf_submit(&e->queue, 0);
    return XDP_PASS;
}
