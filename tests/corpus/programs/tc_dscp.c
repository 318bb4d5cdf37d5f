/* SPDX-License-Identifier: MIT */
/** Service classes from DSCP, port and size: a switch with many cases, and one behind another. */
#include "headers.h"

static __always_inline __u32 class_of_dscp(__u8 dscp)
{
    switch (dscp) {
    case 46: return 1;
    case 34:
    case 36:
    case 38: return 2;
    case 26:
    case 28:
    case 30: return 3;
    case 18: return 4;
    case 20: return 5;
    case 22: return 6;
    case 10:
    case 12:
    case 14: return 7;
    case 48:
    case 56: return 8;
    case 8: return 15;
    default: return 0;
    }
}

static __always_inline __u32 class_of_port(__u16 port)
{
    switch (port) {
    case 22:
    case 23: return 2;
    case 53: return 1;
    case 80:
    case 443:
    case 8080: return 4;
    case 25:
    case 465:
    case 587: return 7;
    case 5060:
    case 5061: return 1;
    case 3478: return 2;
    case 6881: return 15;
    default: return 10;
    }
}

SEC("tc") int tc_dscp(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    __u32 class = class_of_dscp(ip->tos >> 2);
    if (class == 0) {
        struct port_pair *p = (void *)ip + ip->ihl * 4;
        if ((ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP) && (void *)(p + 1) <= end)
            class = class_of_port(bpf_ntohs(p->dest));
    }
    if (class == 10 && skb->len < 128)
        class = 9;
    skb->priority = class;
    skb->tc_classid = 0x10000 | class;
    return class == 15 ? TC_ACT_PIPE : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
