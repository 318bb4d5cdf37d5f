/* SPDX-License-Identifier: MIT */
/* A record that is not given back where the packet is short. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_kept(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e->ifindex = ctx->ingress_ifindex;
    e->queue = ctx->rx_queue_index;
    if (ctx->data_end - ctx->data < 60)
        return XDP_DROP;
    bpf_ringbuf_submit(e, 0);
    return XDP_PASS;
}
