/* SPDX-License-Identifier: MIT */
/*
 * A sampler: one packet of const.every goes into a ring buffer, with when and where it was seen and
 * its first bytes. Everything passes.
 *
 * What it shows: ring buffers, the way to hand records to somebody who reads them. A record is
 * reserved, filled in place, and submitted, or discarded: the verifier sees to it that none is
 * forgotten. If nobody reads, the ring is full and records are dropped, which is counted; packets
 * never wait.
 *
 *     winnowctl map watch sampler samples
 */
#include <linux/bpf.h>

#include <winnow/bpf.h>

#define BYTES 128 /* of a packet that are kept */

const volatile __u32 every = 100; /* 0: none */

struct sample {
    __u64 time_ns;
    __u32 ifindex;
    __u32 length; /* of the packet */
    __u32 kept;   /* bytes that are here */
    __u8 bytes[BYTES];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 18); /* bytes, a power of two */
} samples SEC(".maps");

__u64 dropped; /* samples for which there was no room */

SEC("xdp")
int sampler(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

    if (!every || bpf_get_prandom_u32() % every)
        return XDP_PASS;
    struct sample *s = bpf_ringbuf_reserve(&samples, sizeof *s, 0);
    if (!s) {
        __sync_fetch_and_add(&dropped, 1);
        return XDP_PASS;
    }
    __u32 kept = end - data;
    if (kept > BYTES)
        kept = BYTES;
    s->time_ns = bpf_ktime_get_ns();
    s->ifindex = ctx->ingress_ifindex;
    s->length = end - data;
    s->kept = kept;
    /* Whatever was in the ring before is nobody's business. */
    __builtin_memset(s->bytes, 0, BYTES);
    if (kept == 0 || bpf_xdp_load_bytes(ctx, 0, s->bytes, kept)) {
        bpf_ringbuf_discard(s, 0);
        return XDP_PASS;
    }
    bpf_ringbuf_submit(s, 0);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
