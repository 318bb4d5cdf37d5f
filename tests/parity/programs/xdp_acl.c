/* SPDX-License-Identifier: MIT */
/** An access list: hosts in a hash, rules in an array that is scanned, counters for each CPU. */
#include "net.h"

#define RULES 8

struct rule {
    __be32 net, mask;
    __u16 port; /* 0: any */
    __u8 proto; /* 0: any */
    __u8 action;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, __u64);
    __uint(max_entries, 64);
} denied SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct rule);
    __uint(max_entries, RULES);
} rules SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 16);
} actions SEC(".maps");

static __always_inline int done(__u32 action)
{
    __u64 *count = bpf_map_lookup_elem(&actions, &action);
    if (count)
        (*count)++;
    return action;
}

static __attribute__((noinline)) int match(__be32 source, __u32 proto, __u32 port)
{
    int action = XDP_PASS;
    for (__u32 i = 0; i < RULES; i++) {
        __u32 key = i;
        struct rule *r = bpf_map_lookup_elem(&rules, &key);
        if (!r)
            break;
        if (r->action && (source & r->mask) == r->net && (!r->proto || r->proto == (__u8)proto) &&
            (!r->port || r->port == (__u16)port)) {
            action = r->action;
            break;
        }
    }
    return action;
}

SEC("xdp") int xdp_acl(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return done(XDP_PASS);
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return done(XDP_DROP);
    __be32 source = ip->saddr;
    __u64 *hits = bpf_map_lookup_elem(&denied, &source);
    if (hits) {
        __sync_fetch_and_add(hits, 1);
        return done(XDP_DROP);
    }
    __u32 port = 0, proto = ip->protocol;
    if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
        struct udphdr *udp = TAKE(&c, struct udphdr);
        if (!udp)
            return done(XDP_ABORTED);
        port = bpf_ntohs(udp->dest);
    }
    return done(match(source, proto, port));
}

char _license[] SEC("license") = "GPL";
