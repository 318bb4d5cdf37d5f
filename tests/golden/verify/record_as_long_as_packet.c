/* SPDX-License-Identifier: MIT */
/* How long a record is has to be known when the program is loaded. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} events SEC(".maps");

struct event {
    __u32 ifindex, queue;
};

SEC("xdp")
int record_as_long_as_packet(struct xdp_md *ctx)
{
    __u32 bytes = ctx->data_end - ctx->data;
    __u8 *e = bpf_ringbuf_reserve(&events, bytes & 0xff, 0);
    if (e)
        bpf_ringbuf_submit(e, 0);
    return XDP_PASS;
}
