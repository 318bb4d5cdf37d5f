/* SPDX-License-Identifier: MIT */
/** MPLS: follows the stack of labels to its bottom, swaps the top one by a table. */
#include "headers.h"

struct swap {
    __u32 out_label;
    __u8 mac[ETH_ALEN];
    __u16 ifindex;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, struct swap);
} labels SEC(".maps");

__u64 depth[9];

SEC("xdp") int xdp_mpls(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    __be32 *label = data + sizeof *eth;
    __u32 n = 0;

    if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_MPLS_UC))
        return XDP_PASS;
    while (n < 8) {
        if ((void *)(label + n + 1) > end)
            return XDP_DROP;
        if (bpf_ntohl(label[n++]) & 0x100)
            break;
    }
    depth[n & 7]++;
    if ((void *)(label + 1) > end)
        return XDP_DROP;
    __u32 top = bpf_ntohl(*label), key = top >> 12, ttl = top & 0xff;
    struct swap *s = bpf_map_lookup_elem(&labels, &key);
    if (!s || ttl <= 1)
        return XDP_DROP;
    *label = bpf_htonl(s->out_label << 12 | (top & 0xf00) | (ttl - 1));
    __builtin_memcpy(eth->h_dest, s->mac, ETH_ALEN);
    return bpf_redirect(s->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
