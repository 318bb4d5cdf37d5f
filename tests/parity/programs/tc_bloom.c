/* SPDX-License-Identifier: MIT */
/** Who may have been here before: two bloom filters, of which one is so small that it errs. */
#include "net.h"

#define BPF_F_ZERO_SEED_ (1u << 6)

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __type(value, __u32);
    __uint(max_entries, 4);
    __uint(map_extra, 2);
    __uint(map_flags, BPF_F_ZERO_SEED_);
} small SEC(".maps");

struct both {
    __be32 from, to;
    __u8 protocol, rest[2];
} __attribute__((packed));

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __type(value, struct both);
    __uint(max_entries, 100);
    __uint(map_flags, BPF_F_ZERO_SEED_);
} pairs SEC(".maps");

SEC("tc") int tc_bloom(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    struct both pair = {0};
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return TC_ACT_OK;
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return TC_ACT_SHOT;
    __u32 from = ip->saddr;
    pair.from = ip->saddr;
    pair.to = ip->daddr;
    pair.protocol = ip->protocol;
    long one = bpf_map_peek_elem(&small, &from), two = bpf_map_peek_elem(&pairs, &pair);
    if (one && ip->ttl % 2)
        bpf_map_push_elem(&small, &from, BPF_ANY);
    if (two)
        two += bpf_map_push_elem(&pairs, &pair, ip->ttl % 3 ? BPF_ANY : BPF_EXIST) * 100;
    return 50 + (int)one + (int)two * 1000;
}

char _license[] SEC("license") = "GPL";
