/* SPDX-License-Identifier: MIT */
/** One packet of N, and of each sampled one what a collector wants in a ring of 64 records. */
#include "headers.h"

#define RING 64

struct sample {
    __u64 time;
    __u32 bytes;
    __u32 queue;
    __u8 head[32];
};

const volatile __u32 every = 16;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, RING);
    __type(key, __u32);
    __type(value, struct sample);
} ring SEC(".maps");

__u32 next;

SEC("xdp") int xdp_oneof(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    if (every == 0 || bpf_get_prandom_u32() % every)
        return XDP_PASS;
    __u32 key = next++ % RING;
    struct sample *s = bpf_map_lookup_elem(&ring, &key);
    if (!s || data + sizeof s->head > end)
        return XDP_PASS;
    s->time = bpf_ktime_get_ns();
    s->bytes = end - data;
    s->queue = ctx->rx_queue_index;
    __builtin_memcpy(s->head, data, sizeof s->head);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
