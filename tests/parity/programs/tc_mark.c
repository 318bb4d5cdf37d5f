/* SPDX-License-Identifier: MIT */
/** A classifier: what it finds goes into mark, priority and cb[]; the DSCP is rewritten. */
#include "net.h"

static __always_inline void set_dscp(struct iphdr *ip, __u8 tos)
{
    __be16 before = *(__be16 *)ip;
    ip->tos = tos;
    ip->check = replace16(ip->check, before, *(__be16 *)ip);
}

static __always_inline int finish(struct __sk_buff *skb, __u32 ports, __u32 proto)
{
    __u32 dest = ports & 0xffff, source = ports >> 16;
    skb->cb[2] = ports;
    skb->mark = proto << 16 | dest;
    if (dest == 53 || source == 53)
        skb->priority = 6;
    else if (dest == 22)
        skb->priority = 2;
    skb->cb[4] = skb->mark * 31 + skb->priority;
    return dest == 4789 ? TC_ACT_SHOT : dest == 80 ? TC_ACT_PIPE : TC_ACT_OK;
}

SEC("tc") int tc_mark(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    __u16 vlan = 0;
    __u32 proto;
    int type = take_ethernet(&c, &vlan);
    skb->cb[0] = type;
    skb->cb[1] = vlan;
    if (type == ETH_P_IP) {
        struct iphdr *ip = take_ip4(&c);
        if (!ip)
            return TC_ACT_SHOT;
        proto = ip->protocol;
        set_dscp(ip, proto == IPPROTO_UDP ? 0xb8 : ip->tos & 3);
        if (ip->frag_off & bpf_htons(0x1fff))
            return TC_ACT_RECLASSIFY;
    } else if (type == ETH_P_IPV6) {
        bool fragment = false;
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return TC_ACT_SHOT;
        int next = take_extensions(&c, ip->nexthdr, &fragment);
        if (next < 0 || fragment)
            return TC_ACT_STOLEN;
        proto = next;
    } else {
        skb->cb[3] = skb->len;
        return TC_ACT_UNSPEC;
    }
    __be32 *ports = TAKE(&c, __be32);
    if (!ports || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
        return TC_ACT_OK;
    return finish(skb, bpf_ntohl(*ports), proto);
}

char _license[] SEC("license") = "GPL";
