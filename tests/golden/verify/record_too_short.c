/* SPDX-License-Identifier: MIT */
/* One word more than was reserved. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_too_short(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e[1].ifindex = ctx->ingress_ifindex;
    bpf_ringbuf_submit(e, 0);
    return XDP_PASS;
}
