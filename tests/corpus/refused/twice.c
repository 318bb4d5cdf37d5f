/* SPDX-License-Identifier: MIT */
/** One offset, two pointers made with it: the comparison is about one of them, the read about the
 * other, and the kernel sees two unknown distances. Safe: they are equal. clang 14 writes loops
 * like this.
 * The kernel: "R2 offset is outside of the packet" */
#include "headers.h"

SEC("xdp") int twice(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u64 header = ip->ihl * 4, again = header;
    asm volatile("" : "+r"(again)); /* or clang makes one pointer of them */
    void *compared = (void *)ip + header + sizeof(struct port_pair);
    if (compared > end)
        return XDP_DROP;
    struct port_pair *p = (void *)ip + again;
    return p->source == bpf_htons(19) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
