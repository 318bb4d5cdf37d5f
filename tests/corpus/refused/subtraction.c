/* SPDX-License-Identifier: MIT */
/** Lengths by subtraction: the difference of two pointers is a number like any other for the
 * kernel. Safe: all that is read is below it.
 * The kernel: "R2 offset is outside of the packet" */
#include "headers.h"

SEC("xdp") int subtraction(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    __u64 bytes = end - data;
    asm volatile("" : "+r"(bytes)); /* or clang makes the usual comparison of it */

    if (bytes < sizeof(struct ethhdr) + sizeof(struct iphdr))
        return XDP_DROP;
    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);
    if (eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u64 header = ip->ihl * 4;
    if (bytes < sizeof *eth + header + 4)
        return XDP_DROP;
    struct port_pair *p = (void *)ip + header;
    return p->dest == bpf_htons(22) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
