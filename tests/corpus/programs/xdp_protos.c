/* SPDX-License-Identifier: MIT */
/** Packets and bytes by IP protocol, a counter for each on each CPU. */
#include "headers.h"

struct entry {
    __u64 packets;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 256);
    __type(key, __u32);
    __type(value, struct entry);
} by_proto SEC(".maps");

SEC("xdp") int xdp_protos(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    __u32 proto;

    if ((void *)(eth + 1) > end)
        return XDP_PASS;
    switch (bpf_ntohs(eth->h_proto)) {
    case ETH_P_IP: {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        proto = ip->protocol;
        break;
    }
    case ETH_P_IPV6: {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        proto = ip->nexthdr;
        break;
    }
    default: return XDP_PASS;
    }
    struct entry *e = bpf_map_lookup_elem(&by_proto, &proto);
    if (e) {
        e->packets++;
        e->bytes += ctx->data_end - ctx->data;
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
