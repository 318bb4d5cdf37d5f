/* SPDX-License-Identifier: MIT */
/** Another source address, sums mended by bpf_csum_diff() over small buffers on the stack. */
#include "headers.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, __be32);
    __type(value, __be32);
} addresses SEC(".maps");

static __always_inline __u16 mend(__u16 check, __s64 diff)
{
    __u64 sum = (__u16)~check + (__u64)(__u32)diff;
    sum = (sum & 0xffff) + (sum >> 16);
    return csum_close(sum);
}

SEC("tc") int tc_readdress(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __be32 old[2] = {0}, new[2] = {0}, was, *is;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return TC_ACT_OK;
    was = ip->saddr;
    is = bpf_map_lookup_elem(&addresses, &was);
    if (!is)
        return TC_ACT_OK;
    old[0] = was;
    new[0] = *is;
    __s64 diff = bpf_csum_diff(old, sizeof old, new, sizeof new, 0);
    if (diff < 0)
        return TC_ACT_SHOT;
    ip->check = mend(ip->check, diff);
    ip->saddr = new[0];
    if (ip->protocol == IPPROTO_TCP) {
        struct tcphdr *tcp = (void *)(ip + 1);
        if ((void *)(tcp + 1) > end)
            return TC_ACT_SHOT;
        tcp->check = mend(tcp->check, diff);
    } else if (ip->protocol == IPPROTO_UDP) {
        struct udphdr *udp = (void *)(ip + 1);
        if ((void *)(udp + 1) > end)
            return TC_ACT_SHOT;
        if (udp->check)
            udp->check = mend(udp->check, diff);
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
