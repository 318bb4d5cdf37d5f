/* SPDX-License-Identifier: MIT */
/** DHCP snooping: offers and acknowledgements only from the server's port of the switch. */
#include "headers.h"

#define BOOTP_BYTES 236

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __type(key, __u32);
    __type(value, __u32);
} trusted SEC(".maps");

SEC("xdp") int xdp_dhcp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    __u8 *at = (__u8 *)(udp + 1) + BOOTP_BYTES;
    __u32 type = 0, port = ctx->ingress_ifindex;

    if ((void *)(at + 4) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || ip->ihl != 5 || udp->source != bpf_htons(67))
        return XDP_PASS;
    if (*(__be32 *)at != bpf_htonl(0x63825363))
        return XDP_DROP;
    at += 4;
    for (int i = 0; i < 12; i++) {
        if ((void *)(at + 3) > end || at[0] == 255)
            break;
        if (at[0] == 53) {
            type = at[2];
            break;
        }
        at += at[0] ? 2 + at[1] : 1;
    }
    if (type != 2 && type != 5)
        return XDP_PASS;
    return bpf_map_lookup_elem(&trusted, &port) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
