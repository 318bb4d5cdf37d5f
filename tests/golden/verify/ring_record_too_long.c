/* SPDX-License-Identifier: MIT */
/* A record of 16 bytes, of a structure that has 12. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

SEC("xdp")
int ring_record_too_long(struct xdp_md *ctx)
{
    __u32 event[3] = {ctx->ingress_ifindex, ctx->rx_queue_index, 1};
    return bpf_ringbuf_output(&events, event, 16, 0) ? XDP_DROP : XDP_PASS;
}
