/* SPDX-License-Identifier: MIT */
/** A dispatcher: a program for each protocol, in an array that the object itself fills. */
#include "net.h"

enum { TO_4, TO_6, TO_TAG, TO_NONE, TO_TCP, PROGRAMS };

int xdp_tail_4(struct xdp_md *ctx);
int xdp_tail_6(struct xdp_md *ctx);
int xdp_tail_tag(struct xdp_md *ctx);
int xdp_tail_tcp(struct xdp_md *ctx);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(max_entries, PROGRAMS);
    __array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
    .values =
        {
            [TO_4] = (void *)&xdp_tail_4,
            [TO_6] = (void *)&xdp_tail_6,
            [TO_TAG] = (void *)&xdp_tail_tag,
            [TO_TCP] = (void *)&xdp_tail_tcp,
        },
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, PROGRAMS);
} seen SEC(".maps");

static __always_inline void see(__u32 which)
{
    __u64 *count = bpf_map_lookup_elem(&seen, &which);
    if (count)
        *count += 1;
}

SEC("xdp") int xdp_tail_tcp(struct xdp_md *ctx)
{
    see(TO_TCP);
    return XDP_TX;
}

SEC("xdp") int xdp_tail_4(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    if (!TAKE(&c, struct ethhdr))
        return XDP_ABORTED;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return XDP_DROP;
    see(TO_4);
    if (ip->protocol == IPPROTO_TCP)
        bpf_tail_call(ctx, &jumps, TO_TCP);
    return 40 + ip->protocol;
}

SEC("xdp") int xdp_tail_6(struct xdp_md *ctx)
{
    see(TO_6);
    bpf_tail_call(ctx, &jumps, TO_NONE);
    bpf_tail_call(ctx, &jumps, PROGRAMS + 3);
    return 60;
}

SEC("xdp") int xdp_tail_tag(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    struct vlan_tag *tag = TAKE(&c, struct vlan_tag);
    if (!tag)
        return XDP_DROP;
    see(TO_TAG);
    struct ethhdr kept = *eth;
    kept.h_proto = tag->proto;
    if (bpf_xdp_adjust_head(ctx, sizeof *tag))
        return XDP_ABORTED;
    c = (struct cursor)CURSOR(ctx);
    eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    *eth = kept;
    if (kept.h_proto == bpf_htons(ETH_P_IP))
        bpf_tail_call(ctx, &jumps, TO_4);
    if (kept.h_proto == bpf_htons(ETH_P_8021Q))
        bpf_tail_call(ctx, &jumps, TO_TAG);
    return 80;
}

SEC("xdp") int xdp_tail(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    switch (eth->h_proto) {
    case bpf_htons(ETH_P_IP): bpf_tail_call(ctx, &jumps, TO_4); break;
    case bpf_htons(ETH_P_IPV6): bpf_tail_call(ctx, &jumps, TO_6); break;
    case bpf_htons(ETH_P_8021Q):
    case bpf_htons(ETH_P_8021AD): bpf_tail_call(ctx, &jumps, TO_TAG); break;
    }
    see(TO_NONE);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
