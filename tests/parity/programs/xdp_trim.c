/* SPDX-License-Identifier: MIT */
/** Cuts what lies behind the IP packet, and lengthens packets that say they are longer. */
#include "net.h"

SEC("xdp") int xdp_trim(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    int have = c.end - (void *)eth, want;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (!ip)
            return XDP_DROP;
        want = sizeof *eth + bpf_ntohs(ip->tot_len);
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return XDP_DROP;
        want = sizeof *eth + sizeof *ip + bpf_ntohs(ip->payload_len);
    } else if (eth->h_proto == bpf_htons(ETH_P_8021Q)) {
        want = have >> 1;
    } else {
        want = 60;
    }
    if (want == have)
        return XDP_PASS;
    if (bpf_xdp_adjust_tail(ctx, want - have))
        return 50;
    c = (struct cursor)CURSOR(ctx);
    return c.end - c.at == want ? XDP_TX : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
