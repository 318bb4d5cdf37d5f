/* SPDX-License-Identifier: MIT */
/** Puts packets into IPIP, GRE and UDP tunnels, IPv4 and IPv6 ones: room made by a helper, headers
 * stored into it. */
#include "net.h"

#define ENCAP4 BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
#define ENCAP6 BPF_F_ADJ_ROOM_ENCAP_L3_IPV6

struct outer4 {
    struct iphdr ip;
    struct gre_header gre;
};

struct outer6 {
    struct ipv6hdr ip;
    struct udphdr udp;
};

static __always_inline int put4(struct __sk_buff *skb, bool gre, __be16 type, __u16 bytes)
{
    struct outer4 o = {
        .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = gre ? IPPROTO_GRE : IPPROTO_IPIP},
        .gre = {.proto = type},
    };
    __u32 size = gre ? sizeof o : sizeof o.ip;
    __u64 flags = ENCAP4 | (gre ? BPF_F_ADJ_ROOM_ENCAP_L4_GRE : 0);
    long r = bpf_skb_adjust_room(skb, size, BPF_ADJ_ROOM_MAC, flags);
    skb->cb[0] = r;
    if (r)
        return TC_ACT_SHOT;
    o.ip.saddr = bpf_htonl(0x0a000001);
    o.ip.daddr = bpf_htonl(0xc6336401);
    o.ip.tot_len = bpf_htons(bytes + size - ETH_HLEN);
    __s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)&o.ip, sizeof o.ip, 0);
    o.ip.check = fold(sum);
    if (gre)
        skb->cb[1] = bpf_skb_store_bytes(skb, ETH_HLEN, &o, sizeof o, 0);
    else
        skb->cb[1] = bpf_skb_store_bytes(skb, ETH_HLEN, &o.ip, sizeof o.ip, 0);
    return TC_ACT_OK;
}

static __always_inline int put6(struct __sk_buff *skb, __u16 bytes)
{
    struct outer6 o = {
        .ip = {.version = 6, .nexthdr = IPPROTO_UDP, .hop_limit = 64},
        .udp = {.source = bpf_htons(5555), .dest = bpf_htons(5556)},
    };
    __be16 type = bpf_htons(ETH_P_IPV6);
    long r = bpf_skb_adjust_room(skb, sizeof o, BPF_ADJ_ROOM_MAC,
                                 ENCAP6 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP | BPF_F_ADJ_ROOM_FIXED_GSO);
    skb->cb[0] = r;
    if (r)
        return TC_ACT_SHOT;
    o.ip.payload_len = o.udp.len = bpf_htons(bytes - ETH_HLEN + sizeof o.udp);
    o.ip.daddr.s6_addr[0] = 0xfd;
    skb->cb[1] = bpf_skb_store_bytes(skb, ETH_HLEN, &o, sizeof o, 0);
    skb->cb[2] = bpf_skb_store_bytes(skb, 12, &type, sizeof type, 0);
    return TC_ACT_PIPE;
}

SEC("tc") int tc_encap(struct __sk_buff *skb)
{
    __u32 len = skb->len;
    int result;
    if (skb->protocol == bpf_htons(ETH_P_IP) && len & 1)
        result = put6(skb, len);
    else
        result = put4(skb, len & 2, skb->protocol, len);
    skb->cb[3] = skb->protocol << 16 | skb->len;
    /* Nothing goes into a tunnel twice, nor is its end moved then. */
    skb->mark = bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, ENCAP4);
    skb->priority = bpf_skb_change_tail(skb, len + 20, 0);
    skb->cb[4] = bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_NO_CSUM_RESET);
    struct cursor c = CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return TC_ACT_SHOT;
    eth->h_dest[5] = result;
    return result;
}

char _license[] SEC("license") = "GPL";
