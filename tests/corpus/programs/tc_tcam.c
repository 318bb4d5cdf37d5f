/* SPDX-License-Identifier: MIT */
/** Rules in a map: up to 32 of them, each a structure that is compared field by field. */
#include "headers.h"

#define RULES 32

struct rule {
    __be32 from, from_mask;
    __be32 to, to_mask;
    __u16 low, high;
    __u8 proto, any_proto;
    __s8 action;
    __u8 in_use;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, RULES);
    __type(key, __u32);
    __type(value, struct rule);
} rules SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, RULES + 1);
    __type(key, __u32);
    __type(value, __u64);
} hits SEC(".maps");

static __always_inline bool matches(const struct rule *r, const struct iphdr *ip, __u16 port)
{
    return (ip->saddr & r->from_mask) == r->from && (ip->daddr & r->to_mask) == r->to &&
           port >= r->low && port <= r->high && (r->any_proto || r->proto == ip->protocol);
}

SEC("tc") int tc_tcam(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *p = (void *)(ip + 1);
    __u32 hit = RULES;
    int action = TC_ACT_OK;

    if ((void *)(p + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return TC_ACT_OK;
    __u16 port = bpf_ntohs(p->dest);
#pragma clang loop unroll(disable)
    for (__u32 i = 0; i < RULES; i++) {
        __u32 key = i;
        struct rule *r = bpf_map_lookup_elem(&rules, &key);
        if (!r || !r->in_use)
            break;
        if (matches(r, ip, port)) {
            action = r->action;
            hit = i;
            break;
        }
    }
    __u64 *n = bpf_map_lookup_elem(&hits, &hit);
    if (n)
        *n += 1;
    return action;
}

char _license[] SEC("license") = "GPL";
