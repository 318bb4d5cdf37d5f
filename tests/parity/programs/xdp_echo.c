/* SPDX-License-Identifier: MIT */
/** Answers ICMP and ICMPv6 echo requests: addresses swapped, checksum adjusted. No maps. */
#include "net.h"

struct icmp6_echo {
    __u8 type, code;
    __sum16 check;
};

static __always_inline int answer4(struct ethhdr *eth, struct cursor *c)
{
    struct iphdr *ip = take_ip4(c);
    if (!ip || ip->protocol != IPPROTO_ICMP || ip->frag_off & bpf_htons(0x1fff))
        return XDP_PASS;
    struct icmp_echo *icmp = TAKE(c, struct icmp_echo);
    if (!icmp || icmp->type != 8 || icmp->code != 0)
        return XDP_PASS;
    __be32 kept = ip->saddr;
    ip->saddr = ip->daddr;
    ip->daddr = kept;
    ip->check = replace16(ip->check, *(__be16 *)&ip->ttl, bpf_htons(64 << 8 | IPPROTO_ICMP));
    ip->ttl = 64;
    icmp->type = 0;
    icmp->check = replace16(icmp->check, bpf_htons(8 << 8), 0);
    swap_macs(eth);
    return XDP_TX;
}

static __always_inline int answer6(struct ethhdr *eth, struct cursor *c)
{
    struct ipv6hdr *ip = TAKE(c, struct ipv6hdr);
    if (!ip || ip->version != 6 || ip->nexthdr != IPPROTO_ICMPV6)
        return XDP_PASS;
    struct icmp6_echo *icmp = TAKE(c, struct icmp6_echo);
    if (!icmp || icmp->type != 128)
        return XDP_PASS;
    struct in6_addr kept = ip->saddr;
    ip->saddr = ip->daddr;
    ip->daddr = kept;
    ip->hop_limit = 64;
    icmp->type = 129;
    icmp->check = replace16(icmp->check, bpf_htons(128 << 8), bpf_htons(129 << 8));
    swap_macs(eth);
    return XDP_TX;
}

SEC("xdp") int xdp_echo(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    switch (eth->h_proto) {
    case bpf_htons(ETH_P_IP): return answer4(eth, &c);
    case bpf_htons(ETH_P_IPV6): return answer6(eth, &c);
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
