/* SPDX-License-Identifier: MIT */
/** Takes packets out of tunnels: headers behind Ethernet's go, and the protocol may become another
 * one. */
#include "net.h"

#define DECAP4 (1 << 7) /* BPF_F_ADJ_ROOM_DECAP_L3_IPV4, which older headers do not have */
#define DECAP6 (1 << 8)

static __always_inline int strip(struct __sk_buff *skb, __u32 bytes, __u16 type)
{
    __u64 flags = type == ETH_P_IP ? DECAP4 : DECAP6;
    __be16 proto = bpf_htons(type);
    long r = bpf_skb_adjust_room(skb, -(__s32)bytes, BPF_ADJ_ROOM_MAC, flags);
    skb->cb[1] = r;
    if (r)
        return TC_ACT_SHOT;
    skb->cb[2] = bpf_skb_store_bytes(skb, 12, &proto, sizeof proto, 0);
    skb->cb[3] = skb->protocol << 16 | skb->len;
    struct cursor c = CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    __u8 *version = TAKE(&c, __u8);
    if (!eth || !version)
        return TC_ACT_SHOT;
    eth->h_source[1] = *version;
    return TC_ACT_OK;
}

SEC("tc") int tc_decap(struct __sk_buff *skb)
{
    __u8 ip[20];
    __u32 outer = 0;
    __u16 type = 0;
    __u8 next;
    if (bpf_skb_load_bytes_relative(skb, 0, ip, sizeof ip, BPF_HDR_START_NET))
        return TC_ACT_UNSPEC;
    if (skb->protocol == bpf_htons(ETH_P_IP)) {
        outer = (ip[0] & 15) * 4;
        next = ip[9];
    } else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
        outer = 40;
        next = ip[6];
    } else {
        skb->mark = bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, 0);
        return TC_ACT_UNSPEC;
    }
    skb->cb[0] = outer << 16 | next;
    if (next == IPPROTO_IPIP)
        return strip(skb, outer, ETH_P_IP);
    if (next == IPPROTO_IPV6)
        return strip(skb, outer, ETH_P_IPV6);
    if (next == IPPROTO_GRE) {
        struct gre_header gre;
        if (bpf_skb_load_bytes_relative(skb, outer, &gre, sizeof gre, BPF_HDR_START_NET))
            return TC_ACT_SHOT;
        type = bpf_ntohs(gre.proto);
        if (gre.flags == 0 && (type == ETH_P_IP || type == ETH_P_IPV6))
            return strip(skb, outer + sizeof gre, type);
    }
    /* More than there is, or without a direction. */
    skb->mark = bpf_skb_adjust_room(skb, -(__s32)(skb->len & 0xfff), BPF_ADJ_ROOM_NET, 0);
    skb->priority = bpf_skb_adjust_room(skb, 4, BPF_ADJ_ROOM_NET, DECAP4);
    return TC_ACT_PIPE;
}

char _license[] SEC("license") = "GPL";
