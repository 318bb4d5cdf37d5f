/* SPDX-License-Identifier: MIT */
/* The size is not that of what is passed. */
#include "programs.h"

SEC("xdp")
int helper_lookup_short(struct xdp_md *ctx)
{
    __u8 params[32] = {2};
    return bpf_fib_lookup(ctx, (void *)params, 64, 0) ? XDP_DROP : XDP_PASS;
}
