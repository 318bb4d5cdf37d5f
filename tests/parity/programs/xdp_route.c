/* SPDX-License-Identifier: MIT */
/** A router: lowers TTL and hop limit, rewrites the MAC addresses, redirects. */
#include "net.h"

struct hop {
    __u8 dest[ETH_ALEN], source[ETH_ALEN];
    __u32 ifindex;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __u32);
    __type(value, struct hop);
    __uint(max_entries, 16);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} hops SEC(".maps");

static __always_inline int forward(struct ethhdr *eth, __u32 key)
{
    struct hop *h = bpf_map_lookup_elem(&hops, &key);
    if (!h)
        return XDP_PASS;
    __builtin_memcpy(eth->h_dest, h->dest, ETH_ALEN);
    __builtin_memcpy(eth->h_source, h->source, ETH_ALEN);
    if (h->ifindex == 0)
        return XDP_TX;
    return bpf_redirect(h->ifindex, h->ifindex > 5 ? 1 : 0);
}

SEC("xdp") int xdp_route(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_DROP;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (!ip || ip->ttl <= 1)
            return XDP_DROP;
        __u32 sum = ip->check;
        sum += bpf_htons(0x0100);
        ip->check = sum + (sum >= 0xffff);
        ip->ttl--;
        return forward(eth, bpf_ntohl(ip->daddr) & 7);
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip || ip->hop_limit <= 1)
            return XDP_DROP;
        ip->hop_limit--;
        return forward(eth, bpf_ntohl(ip->daddr.s6_addr32[3]) & 7);
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
