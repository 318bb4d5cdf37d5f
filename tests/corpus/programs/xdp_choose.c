/* SPDX-License-Identifier: MIT */
/** Two maps of one kind, chosen by direction: the same instructions work on values of both. */
#include "headers.h"

struct counter {
    __u64 packets;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __be32);
    __type(value, struct counter);
} inbound SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __be32);
    __type(value, struct counter);
} outbound SEC(".maps");

const volatile __be32 own_net = 0x0000000a;

SEC("xdp") int xdp_choose(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    bool out = (ip->saddr & bpf_htonl(0xff000000)) == own_net;
    __be32 key = out ? ip->saddr : ip->daddr;
    struct counter *c =
        out ? bpf_map_lookup_elem(&outbound, &key) : bpf_map_lookup_elem(&inbound, &key);
    if (!c) {
        struct counter fresh = {1, end - data};
        if (out)
            bpf_map_update_elem(&outbound, &key, &fresh, BPF_ANY);
        else
            bpf_map_update_elem(&inbound, &key, &fresh, BPF_ANY);
        return XDP_PASS;
    }
    c->packets++;
    c->bytes += end - data;
    return c->packets > 1000000 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
