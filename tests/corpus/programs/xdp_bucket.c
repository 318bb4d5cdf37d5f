/* SPDX-License-Identifier: MIT */
/** A token bucket for each source address; who has none left is dropped. */
#include "headers.h"

#define SECOND 1000000000ull

struct bucket {
    __u64 filled;
    __u64 tokens;
    __u64 dropped;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 8192);
    __type(key, __be32);
    __type(value, struct bucket);
} sources SEC(".maps");

const volatile __u64 rate = 1000;
const volatile __u64 burst = 200;

static __always_inline int take_token(struct bucket *b, __u64 now)
{
    __u64 passed = now - b->filled;
    if (passed > SECOND)
        passed = SECOND;
    __u64 more = passed * rate / SECOND;
    if (more) {
        b->tokens += more;
        if (b->tokens > burst)
            b->tokens = burst;
        b->filled = now;
    }
    if (b->tokens == 0) {
        b->dropped++;
        return XDP_DROP;
    }
    b->tokens--;
    return XDP_PASS;
}

SEC("xdp") int xdp_bucket(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __be32 source = ip->saddr;
    __u64 now = bpf_ktime_get_ns();
    struct bucket *b = bpf_map_lookup_elem(&sources, &source);
    if (b)
        return take_token(b, now);
    struct bucket fresh = {.filled = now, .tokens = burst};
    bpf_map_update_elem(&sources, &source, &fresh, BPF_ANY);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
