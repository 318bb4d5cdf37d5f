/* SPDX-License-Identifier: MIT */
/** First all comparisons, each leaving a flag; then decisions by flags. Correlations that paths
 * keep. */
#include "headers.h"

enum { HAS_ETHER = 1, HAS_IP = 2, HAS_PORTS = 4 };

SEC("xdp") int xdp_flag(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *ports = (void *)(ip + 1);
    __u32 has = 0;
    int verdict = XDP_PASS;

    if ((void *)(eth + 1) <= end)
        has |= HAS_ETHER;
    if ((void *)(ip + 1) <= end)
        has |= HAS_IP;
    if ((void *)(ports + 1) <= end)
        has |= HAS_PORTS;
    asm volatile("" : "+r"(has));

    if (has & HAS_ETHER && eth->h_dest[0] & 1)
        verdict = XDP_TX;
    if (has & HAS_IP && eth->h_proto == bpf_htons(ETH_P_IP) && ip->ttl == 0)
        verdict = XDP_DROP;
    if (has & HAS_PORTS && verdict == XDP_PASS && ports->dest == ports->source)
        verdict = XDP_DROP;
    return has ? verdict : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
