/* SPDX-License-Identifier: MIT */
/** Puts IPv4 packets into UDP towards one of four servers, headers written from scratch. */
#include "headers.h"

#define OUTER (sizeof(struct iphdr) + sizeof(struct udphdr))

struct target {
    __be32 addr;
    __u8 mac[ETH_ALEN];
    __u8 alive;
    __u8 pad;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct target);
} targets SEC(".maps");

const volatile __be32 own_addr = 0x0100000a;

SEC("xdp") int xdp_gue(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data, old;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u32 index = (ip->saddr ^ ip->saddr >> 16) & 3;
    __u16 inner = bpf_ntohs(ip->tot_len);
    __u8 tos = ip->tos;
    __be16 source = bpf_htons(0xc000 | (ip->saddr >> 8 & 0x3fff));
    struct target *t = bpf_map_lookup_elem(&targets, &index);
    if (!t || !t->alive)
        return XDP_PASS;
    old = *eth;
    if (bpf_xdp_adjust_head(ctx, -(int)OUTER))
        return XDP_ABORTED;
    data = PACKET(ctx);
    end = PEND(ctx);
    eth = data;
    ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) > end)
        return XDP_ABORTED;
    __builtin_memcpy(eth->h_dest, t->mac, ETH_ALEN);
    __builtin_memcpy(eth->h_source, old.h_dest, ETH_ALEN);
    eth->h_proto = bpf_htons(ETH_P_IP);
    *ip = (struct iphdr){.version = 4,
                         .ihl = 5,
                         .ttl = 64,
                         .tos = tos,
                         .protocol = IPPROTO_UDP,
                         .tot_len = bpf_htons(inner + OUTER),
                         .saddr = own_addr,
                         .daddr = t->addr};
    udp->source = source;
    udp->dest = bpf_htons(6080);
    udp->len = bpf_htons(inner + sizeof *udp);
    udp->check = 0;

    __u16 *w = (__u16 *)ip;
    __u32 sum = 0;
    for (unsigned i = 0; i < sizeof *ip / 2; i++)
        sum += w[i];
    ip->check = csum_close(sum);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
