/* SPDX-License-Identifier: MIT */
/** A sum over the whole packet, however long it is: no constant bounds the loop.
 * Safe: it goes on while there are two bytes, and each turn takes two.
 * The kernel: "R1 offset is outside of the packet" */
#include "headers.h"

SEC("xdp") int fold(struct xdp_md *ctx)
{
    void *end = PEND(ctx);
    __u16 *at = PACKET(ctx);
    __u32 sum = 0;

    while ((void *)(at + 1) <= end) {
        sum += *at;
        sum = (sum & 0xffff) + (sum >> 16);
        at++;
    }
    return sum == 0xffff ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
