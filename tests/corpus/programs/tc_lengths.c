/* SPDX-License-Identifier: MIT */
/** Do the lengths of all headers agree? Arithmetic on 32 bits, signed comparisons. */
#include "headers.h"

__u32 wrong[8];

static __always_inline int complain(int which)
{
    wrong[which & 7]++;
    return TC_ACT_SHOT;
}

SEC("tc") int tc_lengths(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    int frame = (int)skb->len - (int)sizeof *eth, header = ip->ihl * 4;
    int packet = bpf_ntohs(ip->tot_len), payload = packet - header;
    if (header < (int)sizeof *ip)
        return complain(0);
    if (packet > frame)
        return complain(1);
    if (payload < 0)
        return complain(2);
    if (frame - packet > 46 && frame > 60)
        return complain(3);
    if (ip->protocol == IPPROTO_UDP) {
        struct udphdr *udp = (void *)ip + header;
        if ((void *)(udp + 1) > end)
            return complain(4);
        int rest = payload - bpf_ntohs(udp->len);
        if (rest < 0 || (rest > 0 && !(ip->frag_off & bpf_htons(IP_MORE))))
            return complain(5);
    } else if (ip->protocol == IPPROTO_TCP) {
        struct tcphdr *tcp = (void *)ip + header;
        if ((void *)(tcp + 1) > end)
            return complain(6);
        if (payload - tcp->doff * 4 < 0 || (signed char)tcp->doff < 5)
            return complain(7);
    }
    skb->mark = (__u32)payload;
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
