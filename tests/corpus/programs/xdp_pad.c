/* SPDX-License-Identifier: MIT */
/** Cuts off what Ethernet padded short packets with, and checks that the packet still is what it
 * was. */
#include "headers.h"

__u64 cut_bytes;

SEC("xdp") int xdp_pad(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u32 frame = end - data, want = sizeof *eth + bpf_ntohs(ip->tot_len);
    __be16 id = ip->id;
    if (want < sizeof *eth + sizeof *ip || want > frame)
        return XDP_DROP;
    if (want == frame)
        return XDP_PASS;
    if (bpf_xdp_adjust_tail(ctx, (int)(want - frame)))
        return XDP_ABORTED;
    cut_bytes += frame - want;
    data = PACKET(ctx);
    end = PEND(ctx);
    ip = data + sizeof *eth;
    if ((void *)(ip + 1) > end)
        return XDP_ABORTED;
    return ip->id == id ? XDP_PASS : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
