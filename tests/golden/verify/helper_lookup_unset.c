/* SPDX-License-Identifier: MIT */
/* What is to be looked up has not been said. */
#include "programs.h"

SEC("xdp")
int helper_lookup_unset(struct xdp_md *ctx)
{
    struct bpf_fib_lookup params;
    __asm__ volatile("" : : "r"(&params));
    return bpf_fib_lookup(ctx, &params, sizeof params, 0) ? XDP_DROP : XDP_PASS;
}
