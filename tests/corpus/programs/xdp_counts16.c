/* SPDX-License-Identifier: MIT */
/** A table on the stack, written and read at computed places: which of 16 values is the most
 * frequent. */
#include "headers.h"

#define BYTES 64

SEC("xdp") int xdp_counts16(struct xdp_md *ctx)
{
    __u8 *data = PACKET(ctx), *end = PEND(ctx);
    __u8 counts[16] = {0};
    __u32 best = 0;

    if (data + BYTES > end)
        return XDP_PASS;
#pragma clang loop unroll(disable)
    for (int i = 14; i < BYTES; i++)
        counts[data[i] >> 4]++;
#pragma clang loop unroll(disable)
    for (__u32 i = 1; i < 16; i++)
        if (counts[i] > counts[best & 15])
            best = i;
    return counts[best & 15] > BYTES / 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
