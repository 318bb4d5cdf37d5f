/* SPDX-License-Identifier: MIT */
/** Takes packets out of IPIP, 6in4, GRE and VXLAN: the Ethernet header moves, the front goes. */
#include "net.h"

#define GRE_CHECKSUM 0x8000
#define GRE_KEY      0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_VERSION  0x0007

/** Bytes of a GRE header by its flags; the type of what follows. */
static __always_inline int gre_bytes(struct cursor *c, __be16 *type)
{
    struct gre_header *gre = TAKE(c, struct gre_header);
    if (!gre)
        return -1;
    __u16 flags = bpf_ntohs(gre->flags);
    int bytes = sizeof *gre;
    if (flags & GRE_VERSION)
        return -1;
    if (flags & GRE_CHECKSUM)
        bytes += 4;
    if (flags & GRE_KEY)
        bytes += 4;
    if (flags & GRE_SEQUENCE)
        bytes += 4;
    *type = gre->proto;
    return bytes;
}

/** Drop `bytes` between the Ethernet header and what is inside. */
static __always_inline int strip(struct xdp_md *ctx, int bytes, __be16 type)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr), kept;
    if (!eth)
        return XDP_ABORTED;
    kept = *eth;
    kept.h_proto = type;
    if (bpf_xdp_adjust_head(ctx, bytes))
        return XDP_DROP;
    c = (struct cursor)CURSOR(ctx);
    eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    *eth = kept;
    return XDP_TX;
}

SEC("xdp") int xdp_decap(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip || ip->ihl != 5)
        return XDP_PASS;
    __be16 type = 0;
    int bytes;
    switch (ip->protocol) {
    case IPPROTO_IPIP: return strip(ctx, sizeof *ip, bpf_htons(ETH_P_IP));
    case IPPROTO_IPV6: return strip(ctx, sizeof *ip, bpf_htons(ETH_P_IPV6));
    case IPPROTO_GRE:
        bytes = gre_bytes(&c, &type);
        if (bytes < 0)
            return XDP_DROP;
        if (type == bpf_htons(ETH_P_TEB))
            return bpf_xdp_adjust_head(ctx, sizeof *eth + sizeof *ip + bytes) ? XDP_DROP : XDP_TX;
        return strip(ctx, sizeof *ip + bytes, type);
    case IPPROTO_UDP: {
        struct udphdr *udp = TAKE(&c, struct udphdr);
        if (!udp || udp->dest != bpf_htons(4789))
            return XDP_PASS;
        struct vxlan_header *vxlan = TAKE(&c, struct vxlan_header);
        if (!vxlan)
            return XDP_PASS;
        if (!(vxlan->flags & bpf_htonl(0x08000000)))
            return XDP_DROP;
        bytes = sizeof *eth + sizeof *ip + sizeof *udp + sizeof *vxlan;
        return bpf_xdp_adjust_head(ctx, bytes) ? XDP_DROP : XDP_TX;
    }
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
