/* SPDX-License-Identifier: MIT */
/** Thirty-two rules over ports and protocol: comparisons with constants, one after another. */
#include "headers.h"

SEC("xdp") int xdp_acl32(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *ports = (void *)(ip + 1);

    if ((void *)(ports + 1) > end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    __u32 from = ip->saddr, port = ports->dest, proto = ip->protocol;

#define DENY(address, number)                                                                      \
    if (from == bpf_htonl(address) && port == bpf_htons(number))                                   \
        return XDP_DROP;
#define DENY_PROTO(address, number)                                                                \
    if (from == bpf_htonl(address) && proto == (number))                                           \
        return XDP_DROP;
    DENY(0x0a000001, 80)
    DENY(0x0a000002, 443)
    DENY(0x0a000003, 22)
    DENY(0x0a000104, 25)
    DENY(0x0a000205, 110)
    DENY(0x0a000306, 143)
    DENY(0x0a000407, 993)
    DENY(0x0a000508, 995)
    DENY(0xc0a80001, 53)
    DENY(0xc0a80002, 123)
    DENY(0xc0a80103, 161)
    DENY(0xc0a80204, 162)
    DENY(0xc0a80305, 389)
    DENY(0xc0a80406, 636)
    DENY(0xc0a80507, 3306)
    DENY(0xc0a80608, 5432)
    DENY_PROTO(0xac100001, IPPROTO_ICMP)
    DENY_PROTO(0xac100002, IPPROTO_GRE)
    DENY_PROTO(0xac100003, IPPROTO_ESP)
    DENY_PROTO(0xac100004, IPPROTO_AH)
    DENY_PROTO(0xac100005, IPPROTO_SCTP)
    DENY_PROTO(0xac100006, IPPROTO_UDP)
    DENY_PROTO(0xac100007, IPPROTO_TCP)
    DENY_PROTO(0xac100008, IPPROTO_PIM)
    DENY(0xc6336401, 6379)
    DENY(0xc6336402, 11211)
    DENY(0xc6336403, 27017)
    DENY(0xc6336404, 9200)
    DENY(0xcb007101, 2375)
    DENY(0xcb007102, 2379)
    DENY(0xcb007103, 10250)
    DENY(0xcb007104, 6443)
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
