/* SPDX-License-Identifier: MIT */
/** Packets of the last sixteen intervals, a sliding sum: places in a map's value by time. */
#include "headers.h"

#define SLOTS 16

struct window {
    __u64 slot[SLOTS];
    __u64 newest;
    __u64 sum;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, struct window);
} windows SEC(".maps");

SEC("xdp") int xdp_window(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    __u64 now = bpf_ktime_get_ns() >> 24;
    struct window *w = bpf_map_lookup_elem(&windows, &key);
    if (!w)
        return XDP_PASS;
    __u64 passed = now - w->newest;
    if (passed > SLOTS)
        passed = SLOTS;
#pragma clang loop unroll(disable)
    for (__u64 i = 0; i < SLOTS; i++) {
        if (i >= passed)
            break;
        __u64 at = (now - i) % SLOTS;
        w->sum -= w->slot[at];
        w->slot[at] = 0;
    }
    w->newest = now;
    w->slot[now % SLOTS]++;
    w->sum++;
    return w->sum > 100000 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
