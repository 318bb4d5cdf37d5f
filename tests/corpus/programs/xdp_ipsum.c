/* SPDX-License-Identifier: MIT */
/** Drops IPv4 headers whose sum is wrong, options included. */
#include "headers.h"

__u64 wrong;

SEC("xdp") int xdp_ipsum(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 sum = 0;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u32 words = ip->ihl * 2;
    if (words < 10)
        return XDP_DROP;
    __u16 *w = (__u16 *)ip;
    for (__u32 i = 0; i < 30; i++, w++) {
        if (i >= words)
            break;
        asm volatile("" : "+r"(w)); /* what is compared is what is read from */
        if ((void *)(w + 1) > end)
            return XDP_DROP;
        sum += *w;
    }
    if (csum_close(sum) != 0) {
        __sync_fetch_and_add(&wrong, 1);
        return XDP_DROP;
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
