/* SPDX-License-Identifier: MIT */
/** Packets longer than the tunnel takes are cut and sent back as ICMP "fragmentation needed". */
#include "headers.h"

#define QUOTED 28

const volatile __u16 mtu = 1400;
const volatile __be32 own_addr = 0x0100000a;

struct error {
    struct iphdr ip;
    struct icmp_hdr icmp;
};

static __always_inline __u16 sum_of(const void *at, int words)
{
    const __u16 *w = at;
    __u32 sum = 0;
    for (int i = 0; i < words; i++)
        sum += w[i];
    return csum_close(sum);
}

SEC("xdp") int xdp_toobig(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data, old;
    struct iphdr *ip = data + sizeof *eth;
    struct error *e;
    int bytes = end - data, cut;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (bpf_ntohs(ip->tot_len) <= mtu || !(ip->frag_off & bpf_htons(0x4000)))
        return XDP_PASS;
    __be32 back = ip->saddr;
    __builtin_memcpy(&old, eth, sizeof old);
    cut = bytes - (int)(sizeof *eth + QUOTED);
    if (cut < 0 || bpf_xdp_adjust_tail(ctx, -cut))
        return XDP_DROP;
    if (bpf_xdp_adjust_head(ctx, -(int)sizeof *e))
        return XDP_ABORTED;
    data = PACKET(ctx);
    end = PEND(ctx);
    if (data + sizeof *eth + sizeof *e + QUOTED > end)
        return XDP_ABORTED;
    eth = data;
    __builtin_memcpy(eth->h_dest, old.h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, old.h_dest, ETH_ALEN);
    eth->h_proto = old.h_proto;
    e = data + sizeof *eth;
    __builtin_memset(e, 0, sizeof *e);
    e->ip.version = 4;
    e->ip.ihl = 5;
    e->ip.ttl = 64;
    e->ip.protocol = IPPROTO_ICMP;
    e->ip.tot_len = bpf_htons(sizeof *e + QUOTED);
    e->ip.saddr = own_addr;
    e->ip.daddr = back;
    e->icmp.type = 3;
    e->icmp.code = 4;
    e->icmp.rest = bpf_htonl(mtu);
    e->ip.check = sum_of(&e->ip, sizeof e->ip / 2);
    e->icmp.check = sum_of(&e->icmp, (sizeof e->icmp + QUOTED) / 2);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
