/* SPDX-License-Identifier: MIT */
/** Neighbour discovery: router advertisements only from known routers, and options that make sense.
 */
#include "headers.h"

struct nd_option {
    __u8 type;
    __u8 units; /* of 8 bytes */
    __u8 data[6];
};

struct router {
    __u8 mac[ETH_ALEN];
    __u16 pad;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 32);
    __type(key, struct router);
    __type(value, __u64);
} routers SEC(".maps");

SEC("xdp") int xdp_ndp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx), *at;
    struct ethhdr *eth = data;
    struct ipv6hdr *ip = data + sizeof *eth;
    struct icmp_hdr *icmp = (void *)(ip + 1);
    struct router from = {0};

    if ((void *)(icmp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IPV6))
        return XDP_PASS;
    if (ip->nexthdr != IPPROTO_ICMPV6 || icmp->type < 133 || icmp->type > 137)
        return XDP_PASS;
    if (ip->hop_limit != 255 || icmp->code != 0)
        return XDP_DROP;
    if (icmp->type != 134)
        return XDP_PASS;
    at = (void *)(icmp + 1) + 8;
    for (int i = 0; i < 6; i++) {
        struct nd_option *o = at;
        if ((void *)(o + 1) > end)
            break;
        if (o->units == 0)
            return XDP_DROP;
        if (o->type == 1) {
            __builtin_memcpy(from.mac, o->data, ETH_ALEN);
            __u64 *seen = bpf_map_lookup_elem(&routers, &from);
            if (!seen)
                return XDP_DROP;
            __sync_fetch_and_add(seen, 1);
            return XDP_PASS;
        }
        at += o->units * 8;
    }
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
