/* SPDX-License-Identifier: MIT */
/** Pointers from before bpf_xdp_adjust_head() are worth nothing to the kernel, also when it has
 * failed. Safe: a call that fails moves nothing.
 * The kernel: "R6 invalid mem access 'scalar'" */
#include "headers.h"

__u64 failures;

SEC("xdp") int unmoved(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (eth->h_proto != bpf_htons(ETH_P_8021Q))
        return XDP_PASS;
    if (bpf_xdp_adjust_head(ctx, 4096)) {
        failures += eth->h_dest[0] & 1 ? 1 : 2;
        return XDP_PASS;
    }
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
