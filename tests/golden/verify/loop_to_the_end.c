/* SPDX-License-Identifier: MIT */
/* As many rounds as the packet has bytes: a limit, but none that is known before. */
#include "programs.h"

SEC("xdp")
int loop_to_the_end(struct xdp_md *ctx)
{
    const __u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 sum = 0;
    while (p < end)
        sum += *p++;
    return sum & 1 ? XDP_PASS : XDP_DROP;
}
