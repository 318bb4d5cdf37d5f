/* SPDX-License-Identifier: MIT */
/** Extension headers of IPv6 as RFC 8504 wants them: few, in order, and no source routing. */
#include "headers.h"

#define MOST_HEADERS 7

struct ext_hdr {
    __u8 next;
    __u8 words;
    __u8 type;
    __u8 left;
};

enum { SEEN_HOP = 1, SEEN_DEST = 2, SEEN_ROUTE = 4, SEEN_FRAG = 8 };

SEC("xdp") int xdp_ext6(struct xdp_md *ctx)
{
    void *end = PEND(ctx), *at = PACKET(ctx);
    struct ethhdr *eth = at;
    if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IPV6))
        return XDP_PASS;
    struct ipv6hdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end)
        return XDP_DROP;
    if (ip->version != 6 || ip->hop_limit == 0)
        return XDP_DROP;

    __u8 next = ip->nexthdr;
    __u32 seen = 0;
    int verdict = XDP_DROP;
    at = ip + 1;
    for (int i = 0; i < MOST_HEADERS; i++) {
        struct ext_hdr *h = at;
        __u32 bit = 0;
        if (next == IPPROTO_HOPOPTS && i == 0)
            bit = SEEN_HOP;
        else if (next == IPPROTO_DSTOPTS)
            bit = SEEN_DEST;
        else if (next == IPPROTO_ROUTING)
            bit = SEEN_ROUTE;
        else if (next == IPPROTO_FRAGMENT)
            bit = SEEN_FRAG;
        if (bit == 0) {
            verdict = next == IPPROTO_HOPOPTS || next == IPPROTO_NONE ? XDP_DROP : XDP_PASS;
            break;
        }
        if ((void *)(h + 1) > end)
            break;
        if (bit == SEEN_ROUTE && h->type == 0 && h->left)
            break;
        if (seen & bit && bit != SEEN_DEST)
            break;
        seen |= bit;
        next = h->next;
        at += bit == SEEN_FRAG ? 8 : (h->words + 1) * 8;
    }
    return verdict;
}

char _license[] SEC("license") = "GPL";
