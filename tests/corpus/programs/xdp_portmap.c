/* SPDX-License-Identifier: MIT */
/** A bit for each port that may be reached, in one map value of 8 KiB. */
#include "headers.h"

struct bitmap {
    __u64 words[1024];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, struct bitmap);
} open_ports SEC(".maps");

SEC("xdp") int xdp_portmap(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    __u32 proto, which;
    void *l4;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = data + sizeof *eth;
        if ((void *)(ip + 1) > end || ip->ihl < 5)
            return XDP_DROP;
        proto = ip->protocol;
        l4 = (void *)ip + ip->ihl * 4;
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = data + sizeof *eth;
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        proto = ip->nexthdr;
        l4 = ip + 1;
    } else {
        return XDP_PASS;
    }
    if (proto == IPPROTO_TCP)
        which = 0;
    else if (proto == IPPROTO_UDP)
        which = 1;
    else
        return XDP_PASS;
    struct port_pair *p = l4;
    if ((void *)(p + 1) > end)
        return XDP_DROP;
    struct bitmap *b = bpf_map_lookup_elem(&open_ports, &which);
    if (!b)
        return XDP_ABORTED;
    __u16 port = bpf_ntohs(p->dest);
    return b->words[port >> 6] >> (port & 63) & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
