/* SPDX-License-Identifier: MIT */
/* Each call reserves one, and none is given back. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

static long reserve(__u32 i, void *data)
{
    (void)i;
    (void)data;
    return bpf_ringbuf_reserve(&events, sizeof(struct event), 0) ? 0 : 1;
}

SEC("xdp")
int record_in_callback(struct xdp_md *ctx)
{
    (void)ctx;
    bpf_loop(3, reserve, 0, 0);
    return XDP_PASS;
}
