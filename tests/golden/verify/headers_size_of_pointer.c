/* SPDX-License-Identifier: MIT */
/* sizeof of a pointer, where the header was meant. */
#include "programs.h"

SEC("xdp")
int headers_size_of_pointer(struct xdp_md *ctx)
{
    const struct ethhdr *eth = (void *)(long)ctx->data;
    if ((const char *)eth + sizeof(eth) > (const char *)(long)ctx->data_end)
        return XDP_PASS;
    return eth->h_proto == bpf_htons(0x0800) ? XDP_PASS : XDP_DROP;
}
