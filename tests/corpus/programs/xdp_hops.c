/* SPDX-License-Identifier: MIT */
/** What a router does to a packet: one hop less, the sum mended, the next hop's addresses. */
#include "headers.h"

struct hop {
    __u8 to[ETH_ALEN];
    __u8 from[ETH_ALEN];
    __u32 ifindex;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, struct hop);
} hops SEC(".maps");

SEC("xdp") int xdp_hops(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct hop *hop = NULL;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        if (ip->ttl <= 1)
            return XDP_PASS;
        for (int bits = 24; bits >= 8 && !hop; bits -= 8) {
            __u32 net = bpf_ntohl(ip->daddr) >> (32 - bits) << (32 - bits) | bits;
            hop = bpf_map_lookup_elem(&hops, &net);
        }
        if (!hop)
            return XDP_PASS;
        __u32 sum = ip->check + bpf_htons(0x0100);
        ip->check = (__u16)(sum + (sum >= 0xffff));
        ip->ttl--;
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        __u32 net = ip->daddr.in6_u.u6_addr32[0];
        hop = bpf_map_lookup_elem(&hops, &net);
        if (!hop || ip->hop_limit <= 1)
            return XDP_PASS;
        ip->hop_limit--;
    } else {
        return XDP_PASS;
    }
    __builtin_memcpy(eth->h_dest, hop->to, ETH_ALEN);
    __builtin_memcpy(eth->h_source, hop->from, ETH_ALEN);
    return bpf_redirect(hop->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
