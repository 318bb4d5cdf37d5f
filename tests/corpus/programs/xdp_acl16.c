/* SPDX-License-Identifier: MIT */
/** Sixteen rules over addresses, protocol and ports, first match decides. */
#include "headers.h"

#define NET(a, b, c, d) ((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

SEC("xdp") int xdp_acl16(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u16 sport = 0, dport = 0;

    if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if ((void *)(ip + 1) > end || ip->ihl < 5)
        return XDP_DROP;
    __u32 from = bpf_ntohl(ip->saddr), to = bpf_ntohl(ip->daddr);
    __u8 proto = ip->protocol;
    if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
        struct port_pair *p = (void *)ip + ip->ihl * 4;
        if ((void *)(p + 1) > end)
            return XDP_DROP;
        sport = bpf_ntohs(p->source);
        dport = bpf_ntohs(p->dest);
    }

    if ((from & 0xff000000) == NET(127, 0, 0, 0))
        return XDP_DROP;
    if ((from & 0xf0000000) == NET(224, 0, 0, 0))
        return XDP_DROP;
    if (from == to)
        return XDP_DROP;
    if (proto == IPPROTO_ICMP && (to & 0xffffff00) == NET(10, 0, 0, 0))
        return XDP_PASS;
    if (proto == IPPROTO_TCP && dport == 22 && (from & 0xffff0000) == NET(192, 168, 0, 0))
        return XDP_PASS;
    if (proto == IPPROTO_TCP && dport == 22)
        return XDP_DROP;
    if (proto == IPPROTO_UDP && sport == 53 && dport >= 1024)
        return XDP_PASS;
    if (proto == IPPROTO_UDP && dport == 53 && to == NET(10, 0, 0, 53))
        return XDP_PASS;
    if (proto == IPPROTO_UDP && (dport == 67 || dport == 68))
        return XDP_PASS;
    if (proto == IPPROTO_TCP && (dport == 80 || dport == 443) && to == NET(10, 0, 0, 80))
        return XDP_PASS;
    if (proto == IPPROTO_TCP && dport == 25 && (from & 0xfff00000) != NET(172, 16, 0, 0))
        return XDP_DROP;
    if (proto == IPPROTO_TCP && dport >= 6000 && dport < 6064)
        return XDP_DROP;
    if (proto == IPPROTO_UDP && sport == 123 && dport == 123)
        return XDP_PASS;
    if (proto == IPPROTO_GRE || proto == IPPROTO_ESP)
        return (from & 0xffffff00) == NET(198, 51, 100, 0) ? XDP_PASS : XDP_DROP;
    if (proto == IPPROTO_TCP && dport >= 32768)
        return XDP_PASS;
    if ((to & 0xff) == 255)
        return XDP_DROP;
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
