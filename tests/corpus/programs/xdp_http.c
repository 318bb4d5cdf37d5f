/* SPDX-License-Identifier: MIT */
/** The method of an HTTP request, by its first word; anything else on port 80 is counted as odd. */
#include "headers.h"

enum { GET, HEAD, POST, PUT, DELETE, OTHER, ODD, METHODS };

__u64 methods[METHODS];

static __always_inline int method_of(__u32 first, __u8 fifth)
{
    switch (first) {
    case 0x47455420: return GET;
    case 0x48454144: return fifth == ' ' ? HEAD : ODD;
    case 0x504f5354: return fifth == ' ' ? POST : ODD;
    case 0x50555420: return PUT;
    case 0x44454c45: return fifth == 'T' ? DELETE : ODD;
    case 0x4f505449:
    case 0x54524143:
    case 0x434f4e4e:
    case 0x50415443: return OTHER;
    default: return ODD;
    }
}

SEC("xdp") int xdp_http(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_TCP || ip->ihl < 5)
        return XDP_PASS;
    struct tcphdr *tcp = (void *)ip + ip->ihl * 4;
    if ((void *)(tcp + 1) > end || tcp->dest != bpf_htons(80) || tcp->doff < 5)
        return XDP_PASS;
    __u8 *text = (void *)tcp + tcp->doff * 4;
    if ((void *)(text + 5) > end)
        return XDP_PASS;
    __u32 first = (__u32)text[0] << 24 | text[1] << 16 | text[2] << 8 | text[3];
    int m = method_of(first, text[4]);
    methods[m]++;
    return m == ODD || m == DELETE ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
