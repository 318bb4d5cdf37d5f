/* SPDX-License-Identifier: MIT */
/** Against amplification: NTP of modes that answer with more than was asked, by length and by mode.
 */
#include "headers.h"

__u64 modes[8];

SEC("xdp") int xdp_ntp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || ip->ihl < 5)
        return XDP_PASS;
    struct udphdr *udp = (void *)ip + (ip->ihl << 2);
    if ((void *)(udp + 1) > end)
        return XDP_DROP;
    if (udp->source != bpf_htons(123) && udp->dest != bpf_htons(123))
        return XDP_PASS;
    __u8 *first = (__u8 *)(udp + 1);
    if ((void *)(first + 1) > end)
        return XDP_DROP;
    __u8 mode = *first & 7, version = *first >> 3 & 7;
    modes[mode]++;
    if (mode == 6 || mode == 7)
        return XDP_DROP;
    __s32 payload = (__s32)bpf_ntohs(udp->len) - (__s32)sizeof *udp;
    if (payload < 48 || (version == 3 && payload > 68))
        return XDP_DROP;
    return version == 0 || version > 4 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
