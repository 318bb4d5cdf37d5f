/* SPDX-License-Identifier: MIT */
/** A histogram of packet sizes by powers of two, and one of times between packets. */
#include "headers.h"

__u64 sizes[16];
__u64 gaps[64];
__u64 before;

static __always_inline __u32 log2_of(__u64 v)
{
    __u32 r = 0;
    if (v >> 32) {
        v >>= 32;
        r += 32;
    }
    if (v >> 16) {
        v >>= 16;
        r += 16;
    }
    if (v >> 8) {
        v >>= 8;
        r += 8;
    }
    if (v >> 4) {
        v >>= 4;
        r += 4;
    }
    if (v >> 2) {
        v >>= 2;
        r += 2;
    }
    return r + (v >> 1);
}

SEC("xdp") int xdp_sizes(struct xdp_md *ctx)
{
    __u64 bytes = ctx->data_end - ctx->data, now = bpf_ktime_get_ns();
    sizes[log2_of(bytes) & 15]++;
    if (before)
        gaps[log2_of(now - before) & 63]++;
    before = now;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
