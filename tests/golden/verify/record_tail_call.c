/* SPDX-License-Identifier: MIT */
/* The program that is called next cannot give it back. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} next SEC(".maps");

SEC("xdp")
int record_tail_call(struct xdp_md *ctx)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
    if (!e)
        return XDP_PASS;
    e->queue = ctx->rx_queue_index;
    bpf_tail_call(ctx, &next, 0);
    bpf_ringbuf_submit(e, 0);
    return XDP_PASS;
}
