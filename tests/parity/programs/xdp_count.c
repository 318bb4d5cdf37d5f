/* SPDX-License-Identifier: MIT */
/** Packets and bytes of each protocol, for each CPU. */
#include "net.h"

struct kind {
    __u16 ether;
    __u8 proto;
    __u8 tagged;
};

struct traffic {
    __u64 packets, bytes;
    __u32 longest, shortest;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __type(key, struct kind);
    __type(value, struct traffic);
    __uint(max_entries, 1024);
} kinds SEC(".maps");

SEC("xdp") int xdp_count(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 bytes = c.end - c.at;
    __u16 vlan = 0;
    struct kind key = {0};
    int ether = take_ethernet(&c, &vlan);
    key.ether = ether;
    key.tagged = vlan != 0;
    if (ether == ETH_P_IP) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (ip)
            key.proto = ip->protocol;
    } else if (ether == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (ip)
            key.proto = ip->nexthdr;
    }
    struct traffic *t = bpf_map_lookup_elem(&kinds, &key);
    if (!t) {
        struct traffic first = {1, bytes, bytes, bytes};
        return bpf_map_update_elem(&kinds, &key, &first, BPF_NOEXIST) ? XDP_ABORTED : XDP_TX;
    }
    t->packets++;
    t->bytes += bytes;
    if (bytes > t->longest)
        t->longest = bytes;
    if (bytes < t->shortest)
        t->shortest = bytes;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
