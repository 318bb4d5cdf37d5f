/* SPDX-License-Identifier: MIT */
/** Geneve: options of variable length, critical ones that nobody knows drop the packet. */
#include "headers.h"

struct geneve {
    __u8 words; /* of options; and the version */
    __u8 flags;
    __be16 proto;
    __u8 vni[3];
    __u8 pad;
};

struct option {
    __be16 class;
    __u8 type;
    __u8 words;
};

SEC("xdp") int xdp_geneve(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx), *at;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    struct geneve *g = (void *)(udp + 1);
    int verdict = XDP_PASS;

    if ((void *)(g + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(6081) || g->words >> 6)
        return XDP_PASS;
    int left = (g->words & 0x3f) * 4;
    at = g + 1;
    for (int i = 0; i < 8 && left > 0; i++) {
        struct option *o = at;
        if ((void *)(o + 1) > end) {
            verdict = XDP_DROP;
            break;
        }
        int bytes = 4 + (o->words & 31) * 4;
        if (o->type & 0x80 && o->class != bpf_htons(0x0102)) {
            verdict = XDP_DROP;
            break;
        }
        at += bytes;
        left -= bytes;
    }
    return left < 0 ? XDP_DROP : verdict;
}

char _license[] SEC("license") = "GPL";
