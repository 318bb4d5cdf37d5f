/* SPDX-License-Identifier: MIT */
/** Flows of both versions of IP, a structure of 40 bytes on the stack as the key. */
#include "headers.h"

struct flow_key {
    __be32 from[4];
    __be32 to[4];
    __be16 sport;
    __be16 dport;
    __u8 proto;
    __u8 version;
    __u16 vlan;
};

struct flow {
    __u64 packets;
    __u64 bytes;
    __u64 first;
    __u64 last;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 10000);
    __type(key, struct flow_key);
    __type(value, struct flow);
} flows SEC(".maps");

SEC("xdp") int xdp_flow6(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx), *l3, *l4;
    struct ethhdr *eth = data;
    struct flow_key key = {0};
    __be16 proto;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    proto = eth->h_proto;
    l3 = eth + 1;
    if (is_tag(proto)) {
        struct vlan_hdr *tag = l3;
        if ((void *)(tag + 1) > end)
            return XDP_DROP;
        key.vlan = bpf_ntohs(tag->tci) & 0xfff;
        proto = tag->proto;
        l3 = tag + 1;
    }
    if (proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = l3;
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        key.from[3] = ip->saddr;
        key.to[3] = ip->daddr;
        key.proto = ip->protocol;
        key.version = 4;
        l4 = l3 + ip->ihl * 4;
    } else if (proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = l3;
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        __builtin_memcpy(key.from, &ip->saddr, 16);
        __builtin_memcpy(key.to, &ip->daddr, 16);
        key.proto = ip->nexthdr;
        key.version = 6;
        l4 = ip + 1;
    } else {
        return XDP_PASS;
    }
    if (key.proto == IPPROTO_TCP || key.proto == IPPROTO_UDP || key.proto == IPPROTO_SCTP) {
        struct port_pair *p = l4;
        if ((void *)(p + 1) > end)
            return XDP_DROP;
        key.sport = p->source;
        key.dport = p->dest;
    }
    __u64 now = bpf_ktime_get_ns();
    struct flow *f = bpf_map_lookup_elem(&flows, &key);
    if (f) {
        f->packets++;
        f->bytes += end - data;
        f->last = now;
        return XDP_PASS;
    }
    struct flow fresh = {1, end - data, now, now};
    return bpf_map_update_elem(&flows, &key, &fresh, BPF_NOEXIST) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
