/* SPDX-License-Identifier: MIT */
/** Takes VXLAN off known networks, and then looks at the frame inside. */
#include "headers.h"

#define VXLAN_PORT 4789

struct vxlan_hdr {
    __be32 flags;
    __be32 vni;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} networks SEC(".maps");

SEC("xdp") int xdp_vxlan(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || ip->ihl != 5)
        return XDP_PASS;
    struct udphdr *udp = (void *)(ip + 1);
    struct vxlan_hdr *vx = (void *)(udp + 1);
    if ((void *)(vx + 1) > end || udp->dest != bpf_htons(VXLAN_PORT))
        return XDP_PASS;
    if (!(vx->flags & bpf_htonl(0x08000000)))
        return XDP_DROP;
    __u32 vni = bpf_ntohl(vx->vni) >> 8;
    __u64 *frames = bpf_map_lookup_elem(&networks, &vni);
    if (!frames)
        return XDP_DROP;
    int outer = sizeof *eth + sizeof *ip + sizeof *udp + sizeof *vx;
    if (bpf_xdp_adjust_head(ctx, outer))
        return XDP_ABORTED;
    *frames += 1;

    data = PACKET(ctx);
    end = PEND(ctx);
    eth = data;
    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (eth->h_dest[0] & 1)
        return XDP_DROP;
    return eth->h_proto == bpf_htons(ETH_P_ARP) ? XDP_TX : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
