/* SPDX-License-Identifier: MIT */
/** Functions six deep, each with a frame of its own, and pointers to frames further up. */
#include "headers.h"

struct walk {
    void *at;
    void *end;
    __u32 depth;
    __u32 hash;
};

static __noinline int l4(struct walk *w, __u8 proto)
{
    struct port_pair *p = w->at;
    w->depth++;
    if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
        return XDP_PASS;
    if ((void *)(p + 1) > w->end)
        return XDP_DROP;
    w->hash = rotate(w->hash, 3) ^ p->source ^ p->dest;
    return w->hash & 64 ? XDP_TX : XDP_PASS;
}

static __noinline int inner4(struct walk *w)
{
    struct iphdr *ip = w->at;
    w->depth++;
    if ((void *)(ip + 1) > w->end || ip->ihl != 5)
        return XDP_DROP;
    w->hash ^= ip->saddr;
    w->at = ip + 1;
    return l4(w, ip->protocol);
}

static __noinline int outer4(struct walk *w)
{
    struct iphdr *ip = w->at;
    w->depth++;
    if ((void *)(ip + 1) > w->end || ip->ihl != 5)
        return XDP_DROP;
    w->hash = ip->saddr;
    w->at = ip + 1;
    if (ip->protocol == IPPROTO_IPIP)
        return inner4(w);
    return l4(w, ip->protocol);
}

static __noinline int tagged(struct walk *w)
{
    struct vlan_hdr *tag = w->at;
    w->depth++;
    if ((void *)(tag + 1) > w->end)
        return XDP_DROP;
    w->at = tag + 1;
    return tag->proto == bpf_htons(ETH_P_IP) ? outer4(w) : XDP_PASS;
}

static __noinline int ether(struct walk *w)
{
    struct ethhdr *eth = w->at;
    w->depth++;
    if ((void *)(eth + 1) > w->end)
        return XDP_DROP;
    w->at = eth + 1;
    if (is_tag(eth->h_proto))
        return tagged(w);
    return eth->h_proto == bpf_htons(ETH_P_IP) ? outer4(w) : XDP_PASS;
}

SEC("xdp") int xdp_deep(struct xdp_md *ctx)
{
    struct walk w = {PACKET(ctx), PEND(ctx), 0, 0};
    int verdict = ether(&w);
    return w.depth > 5 ? XDP_ABORTED : verdict;
}

char _license[] SEC("license") = "GPL";
