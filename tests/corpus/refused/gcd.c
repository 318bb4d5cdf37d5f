/* SPDX-License-Identifier: MIT */
/** Euclid's algorithm: it ends, since remainders get smaller, which is no counter that the kernel
 * knows.
 * Safe: nothing is read in the loop.
 * The kernel: "BPF program is too large. Processed 1000001 insn" */
#include "headers.h"

SEC("xdp") int gcd(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end)
        return XDP_PASS;
    __u64 a = bpf_ntohl(ip->saddr), b = bpf_ntohl(ip->daddr);
    while (b) {
        __u64 rest = a % b;
        a = b;
        b = rest;
    }
    return a == 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
