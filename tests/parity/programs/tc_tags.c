/* SPDX-License-Identifier: MIT */
/** Takes VLAN tags away and puts others on: a packet's first tag lies beside it. */
#include "net.h"

#define ETH_P_NEW 0x88a8

static __always_inline __u32 about(const struct __sk_buff *skb)
{
    __u32 tag = skb->vlan_present ? skb->vlan_tci : 0xffff;
    return tag << 16 | skb->vlan_proto;
}

SEC("tc") int tc_tags(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    __u16 vlan = 0;
    int type = take_ethernet(&c, &vlan), result = TC_ACT_OK;
    if (type < 0)
        result = TC_ACT_PIPE;
    skb->cb[0] = about(skb);
    skb->mark = bpf_skb_vlan_pop(skb) & 0xff;
    skb->cb[1] = about(skb);
    if (vlan & 1 && bpf_skb_vlan_pop(skb))
        result = TC_ACT_STOLEN;
    skb->cb[2] = skb->protocol << 16 | skb->len;
    if (vlan & 2 || skb->len & 1) /* what lies beside it goes into it */
        skb->mark |= bpf_skb_vlan_push(skb, bpf_htons(ETH_P_NEW), 100 + (vlan & 0xf)) << 8;
    if (vlan & 4)
        skb->mark |= bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 0x6000 | vlan) << 16;
    if (type == ETH_P_IPV6)
        bpf_skb_vlan_push(skb, bpf_htons(ETH_P_IP), 1); /* no tag's: it is made one */
    skb->cb[3] = about(skb);
    skb->cb[4] = skb->protocol << 16 | skb->len;
    c = (struct cursor)CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return TC_ACT_SHOT;
    eth->h_source[0] ^= 2;
    skb->priority = eth->h_proto;
    return result;
}

char _license[] SEC("license") = "GPL";
