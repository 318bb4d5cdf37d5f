/* SPDX-License-Identifier: MIT */
/** A learning bridge: who is behind which interface, and what goes out there. */
#include "headers.h"

struct place {
    __u64 seen;
    __u32 ifindex;
    __u32 moves;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, struct place);
} stations SEC(".maps");

static __always_inline __u64 mac_number(const __u8 *m)
{
    return (__u64)m[0] << 40 | (__u64)m[1] << 32 | (__u64)m[2] << 24 | m[3] << 16 | m[4] << 8 |
           m[5];
}

SEC("xdp") int xdp_bridge(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    __u64 now = bpf_ktime_get_ns();

    if ((void *)(eth + 1) > end || eth->h_source[0] & 1)
        return XDP_DROP;
    __u64 from = mac_number(eth->h_source), to = mac_number(eth->h_dest);
    struct place *p = bpf_map_lookup_elem(&stations, &from);
    if (p) {
        if (p->ifindex != ctx->ingress_ifindex) {
            p->ifindex = ctx->ingress_ifindex;
            p->moves++;
        }
        p->seen = now;
    } else {
        struct place fresh = {now, ctx->ingress_ifindex, 0};
        bpf_map_update_elem(&stations, &from, &fresh, BPF_ANY);
    }
    if (eth->h_dest[0] & 1)
        return XDP_PASS;
    p = bpf_map_lookup_elem(&stations, &to);
    if (!p)
        return XDP_PASS;
    if (p->ifindex == ctx->ingress_ifindex)
        return XDP_DROP;
    return bpf_redirect(p->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
