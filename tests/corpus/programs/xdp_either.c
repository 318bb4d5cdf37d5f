/* SPDX-License-Identifier: MIT */
/** One pointer to headers in the packet or to what stands in for them on the stack. */
#include "headers.h"

struct ident {
    __be32 from;
    __be32 to;
};

__u64 sum;

SEC("xdp") int xdp_either(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct ident none = {0}, *id = &none;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_DROP;
        id = (struct ident *)&ip->saddr;
    } else {
        none.from = *(__be32 *)eth->h_source;
        none.to = *(__be32 *)eth->h_dest;
    }
    asm volatile("" : "+r"(id)); /* or clang writes the rest twice */
    sum += id->from;
    return id->to == id->from ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
