/* SPDX-License-Identifier: MIT */
/** DSCP by a table of 64 constants, in both versions of IP. */
#include "headers.h"

static const __u8 to[64] = {
    0,  8, 8,  8, 8,  8, 8,  8, 8,  0, 10, 0, 12, 0, 14, 0, 16, 0, 18, 0, 20, 0,
    22, 0, 24, 0, 26, 0, 28, 0, 30, 0, 32, 0, 34, 0, 36, 0, 38, 0, 40, 0, 0,  0,
    46, 0, 46, 0, 48, 0, 0,  0, 0,  0, 0,  0, 48, 0, 0,  0, 0,  0, 0,  0,
};

SEC("tc") int tc_rewrite(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;

    if ((void *)(eth + 1) > end)
        return TC_ACT_SHOT;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return TC_ACT_SHOT;
        __u8 is = to[ip->tos >> 2] << 2 | (ip->tos & 3);
        if (is != ip->tos) {
            csum_word(&ip->check, bpf_htons(ip->tos), bpf_htons(is));
            ip->tos = is;
        }
        return TC_ACT_OK;
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        __u8 *first = (void *)(eth + 1);
        if ((void *)(first + sizeof(struct ipv6hdr)) > end)
            return TC_ACT_SHOT;
        __u8 class = first[0] << 4 | first[1] >> 4;
        class = to[class >> 2] << 2 | (class & 3);
        first[0] = 0x60 | class >> 4;
        first[1] = (first[1] & 15) | class << 4;
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
