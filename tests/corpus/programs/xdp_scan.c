/* SPDX-License-Identifier: MIT */
/** Looks for a signature of four bytes in the first 96 bytes of UDP payload. */
#include "headers.h"

#define DEPTH 96

const volatile __u32 signature = 0xdeadbeef;
const volatile __u16 port = 9999;
__u64 found[2];

SEC("xdp") int xdp_scan(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);

    if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || (port && udp->dest != bpf_htons(port)))
        return XDP_PASS;
    __u8 *payload = (__u8 *)(udp + 1);
    __u32 window = 0, want = signature;
    for (int i = 0; i < DEPTH; i++) {
        if ((void *)(payload + i + 1) > end)
            break;
        window = window << 8 | payload[i];
        if (i >= 3 && window == want) {
            found[1]++;
            return XDP_DROP;
        }
    }
    found[0]++;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
