/* SPDX-License-Identifier: MIT */
/* Looked at once more, when it is the reader's. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_after_submit(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e->ifindex = ctx->ingress_ifindex;
    e->queue = ctx->rx_queue_index;
    bpf_ringbuf_submit(e, 0);
    return e->queue ? XDP_PASS : XDP_DROP;
}
