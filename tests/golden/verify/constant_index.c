/* SPDX-License-Identifier: MIT */
/* A table of constants, and an index with too many bits. */
#include "programs.h"

static const volatile __u8 names[10] = {'n', 'i', 'c', 'e', 'p', 'a', 'c', 'k', 'e', 't'};

SEC("xdp")
int constant_index(struct xdp_md *ctx)
{
    return names[ctx->rx_queue_index & 15] == 'e' ? XDP_PASS : XDP_DROP;
}
