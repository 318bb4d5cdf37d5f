/* SPDX-License-Identifier: MIT */
/** Reads a mark that an earlier program may have put in front of the packet (data_meta). */
#include "headers.h"

struct mark {
    __u32 magic;
    __u32 class;
};

__u64 with, without;

SEC("xdp") int xdp_mark(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct mark *m = (void *)(long)ctx->data_meta;
    struct ethhdr *eth = data;

    if ((void *)(m + 1) > data) {
        without++;
        if ((void *)(eth + 1) > end)
            return XDP_DROP;
        return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
    }
    if (m->magic != 0x57696e6e)
        return XDP_ABORTED;
    with++;
    m->class ++;
    return m->class & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
