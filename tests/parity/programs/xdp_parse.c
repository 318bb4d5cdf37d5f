/* SPDX-License-Identifier: MIT */
/** A parser: tags, IPv4 with options, IPv6 with extension headers, ports. No maps. */
#include "net.h"

struct ports {
    __be16 source, dest;
};

/** Global, so that it is verified by itself. */
__attribute__((noinline)) int class_of(__u32 proto, __u32 port)
{
    if (proto == IPPROTO_TCP)
        return port == 22 ? XDP_DROP : port == 443 ? XDP_TX : XDP_PASS;
    if (proto == IPPROTO_UDP)
        return port == 53 || port == 123 ? XDP_PASS : port < 1024 ? XDP_DROP : XDP_REDIRECT;
    return XDP_PASS;
}

SEC("xdp") int xdp_parse(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan = 0;
    bool fragment = false;
    int proto = take_ethernet(&c, &vlan);
    if (proto < 0)
        return XDP_ABORTED;
    if (proto == ETH_P_IP) {
        struct iphdr *ip = take_ip4(&c);
        if (!ip)
            return XDP_ABORTED;
        proto = ip->protocol;
        fragment = ip->frag_off & bpf_htons(0x1fff);
    } else if (proto == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return XDP_ABORTED;
        proto = take_extensions(&c, ip->nexthdr, &fragment);
        if (proto < 0)
            return XDP_DROP;
    } else {
        return proto + 1000;
    }
    if (fragment)
        return 100 + vlan;
    if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
        return 200 + proto;
    struct ports *p = TAKE(&c, struct ports);
    if (!p)
        return XDP_ABORTED;
    return class_of(proto, bpf_ntohs(p->dest)) | vlan << 8;
}

char _license[] SEC("license") = "GPL";
