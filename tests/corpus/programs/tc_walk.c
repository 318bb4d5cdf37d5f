/* SPDX-License-Identifier: MIT */
/** Tail calls that hand over an offset in cb[]: one program for each kind of header. */
#include "headers.h"

enum { TO_ETHER, TO_TAG, TO_IP, TO_L4, TABLE = 4 };
enum { OFFSET, PROTO, HOPS };

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, TABLE);
    __type(key, __u32);
    __type(value, __u32);
} table SEC(".maps");

SEC("tc") int tc_walk_l4(struct __sk_buff *skb)
{
    __u32 at = skb->cb[OFFSET];
    void *end = PEND(skb);
    if (at > 128)
        return TC_ACT_SHOT;
    struct port_pair *p = PACKET(skb) + at;
    if ((void *)(p + 1) > end)
        return TC_ACT_SHOT;
    skb->mark = bpf_ntohs(p->dest);
    return TC_ACT_OK;
}

SEC("tc") int tc_walk_ip(struct __sk_buff *skb)
{
    __u32 at = skb->cb[OFFSET] & 127;
    struct iphdr *ip = PACKET(skb) + at;
    if ((void *)(ip + 1) > PEND(skb) || ip->ihl < 5)
        return TC_ACT_SHOT;
    skb->cb[OFFSET] = at + ip->ihl * 4;
    skb->cb[PROTO] = ip->protocol;
    if (ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP)
        bpf_tail_call(skb, &table, TO_L4);
    return TC_ACT_OK;
}

SEC("tc") int tc_walk_tag(struct __sk_buff *skb)
{
    __u32 at = skb->cb[OFFSET] & 63;
    struct vlan_hdr *tag = PACKET(skb) + at;
    if ((void *)(tag + 1) > PEND(skb) || skb->cb[HOPS]++ > 3)
        return TC_ACT_SHOT;
    skb->cb[OFFSET] = at + sizeof *tag;
    if (is_tag(tag->proto))
        bpf_tail_call(skb, &table, TO_TAG);
    if (tag->proto == bpf_htons(ETH_P_IP))
        bpf_tail_call(skb, &table, TO_IP);
    return TC_ACT_OK;
}

SEC("tc") int tc_walk(struct __sk_buff *skb)
{
    struct ethhdr *eth = PACKET(skb);
    if ((void *)(eth + 1) > PEND(skb))
        return TC_ACT_SHOT;
    skb->cb[OFFSET] = sizeof *eth;
    skb->cb[HOPS] = 0;
    if (is_tag(eth->h_proto))
        bpf_tail_call(skb, &table, TO_TAG);
    else if (eth->h_proto == bpf_htons(ETH_P_IP))
        bpf_tail_call(skb, &table, TO_IP);
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
