/* SPDX-License-Identifier: MIT */
/* There may be no room. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_null(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    e->ifindex = ctx->ingress_ifindex;
    bpf_ringbuf_submit(e, 0);
    return XDP_PASS;
}
