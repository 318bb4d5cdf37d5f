/* SPDX-License-Identifier: MIT */
/** As many turns as a field says, which may be 16,383: the kernel walks through each of them.
 * Safe: the place is masked, and compared with the end.
 * The kernel: "The sequence of 8193 jumps is too complex." */
#include "headers.h"

SEC("xdp") int counted(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 hash = 0;

    if ((void *)(ip + 1) > end)
        return XDP_PASS;
    __u32 turns = bpf_ntohs(ip->tot_len) & 0x3fff;
    for (__u32 i = 0; i < turns; i++) {
        __u8 *b = data + (hash & 31);
        if ((void *)(b + 1) > end)
            break;
        hash = rotate(hash, 7) + *b + i;
        if (hash & 1)
            hash ^= 0xedb88320;
    }
    return hash & 255 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
