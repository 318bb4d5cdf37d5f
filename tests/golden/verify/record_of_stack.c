/* SPDX-License-Identifier: MIT */
/* Only what has been reserved can be submitted. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_of_stack(struct xdp_md *ctx)
{
    struct event e = {ctx->ingress_ifindex, ctx->rx_queue_index};
    bpf_ringbuf_submit(&e, 0);
    return XDP_PASS;
}
