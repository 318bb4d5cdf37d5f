/* SPDX-License-Identifier: MIT */
/** GRE with its optional fields: checksum, key, sequence; counts by key, drops what is out of
 * order. */
#include "headers.h"

struct gre {
    __be16 flags;
    __be16 proto;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 512);
    __type(key, __u32);
    __type(value, __u32);
} sequences SEC(".maps");

SEC("xdp") int xdp_gre(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx), *at;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 key = 0;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_GRE)
        return XDP_PASS;
    struct gre *gre = (void *)ip + ip->ihl * 4;
    if ((void *)(gre + 1) > end)
        return XDP_DROP;
    __u16 flags = bpf_ntohs(gre->flags);
    if (flags & 0x4007)
        return XDP_DROP;
    at = gre + 1;
    if (flags & 0x8000)
        at += 4;
    if (flags & 0x2000) {
        __be32 *k = at;
        if ((void *)(k + 1) > end)
            return XDP_DROP;
        key = bpf_ntohl(*k);
        at += 4;
    }
    if (flags & 0x1000) {
        __be32 *s = at;
        if ((void *)(s + 1) > end)
            return XDP_DROP;
        __u32 now = bpf_ntohl(*s), *last = bpf_map_lookup_elem(&sequences, &key);
        if (last && (__s32)(now - *last) <= 0)
            return XDP_DROP;
        bpf_map_update_elem(&sequences, &key, &now, BPF_ANY);
    }
    return gre->proto == bpf_htons(ETH_P_IP) || gre->proto == bpf_htons(ETH_P_IPV6) ? XDP_PASS
                                                                                    : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
