/* SPDX-License-Identifier: MIT */
/* Once on one way, and again behind where the ways meet. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_submitted_twice(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e->ifindex = ctx->ingress_ifindex;
    bpf_ringbuf_submit(e, 0);
    bpf_ringbuf_discard(e, 0);
    return XDP_PASS;
}
