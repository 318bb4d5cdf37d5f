/* SPDX-License-Identifier: MIT */
/** Puts IP packets into IPIP, as load balancers do: room in front, a header with its checksum. */
#include "net.h"

static __always_inline __u16 header_check(struct iphdr *ip)
{
    __u64 sum = 0;
    __u16 *word = (__u16 *)ip;
#pragma unroll
    for (unsigned i = 0; i < sizeof *ip / 2; i++)
        sum += word[i];
    return fold(sum);
}

static __always_inline void fill(struct iphdr *ip, __u16 bytes, __u8 inner, __be32 to)
{
    ip->version = 4;
    ip->ihl = 5;
    ip->tos = 0;
    ip->tot_len = bpf_htons(bytes + sizeof *ip);
    ip->id = 0;
    ip->frag_off = bpf_htons(0x4000);
    ip->ttl = 63;
    ip->protocol = inner;
    ip->check = 0;
    ip->saddr = bpf_htonl(0x0a7f0001);
    ip->daddr = to;
    ip->check = header_check(ip);
}

SEC("xdp") int xdp_encap(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    __be16 type = eth->h_proto;
    __u8 inner;
    __u16 bytes;
    __be32 to;
    if (type == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (!ip)
            return XDP_DROP;
        inner = IPPROTO_IPIP;
        bytes = bpf_ntohs(ip->tot_len);
        to = ip->daddr ^ bpf_htonl(0x00010000);
    } else if (type == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return XDP_DROP;
        inner = IPPROTO_IPV6;
        bytes = bpf_ntohs(ip->payload_len) + sizeof *ip;
        to = ip->daddr.s6_addr32[3] | bpf_htonl(0x0a000000);
    } else {
        return XDP_PASS;
    }

    if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
        return XDP_ABORTED;
    c = (struct cursor)CURSOR(ctx);
    struct ethhdr *now = TAKE(&c, struct ethhdr), kept;
    if (!now)
        return XDP_ABORTED;
    struct iphdr *outer = TAKE(&c, struct iphdr);
    if (!outer)
        return XDP_ABORTED;
    struct ethhdr *old = (void *)now + sizeof *outer;
    if ((void *)(old + 1) > c.end)
        return XDP_ABORTED;
    kept = *old;
    *now = kept;
    now->h_proto = bpf_htons(ETH_P_IP);
    fill(outer, bytes, inner, to);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
