/* SPDX-License-Identifier: MIT */
/** RFC 1071 over the payload of ICMP, at most 128 bytes of it, what is left counting down with a
 * sign. */
#include "headers.h"

SEC("tc") int tc_rest(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u16 *at = (__u16 *)(ip + 1);
    __u32 sum = 0;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    if (ip->protocol != IPPROTO_ICMP || ip->ihl != 5)
        return TC_ACT_OK;
    int left = bpf_ntohs(ip->tot_len) - (int)sizeof *ip;
    if (left < 8 || left > 128)
        return TC_ACT_PIPE;
#pragma clang loop unroll(disable)
    for (int i = 0; i < 64; i++) {
        if (left < 2)
            break;
        asm volatile("" : "+r"(at)); /* what is compared is what is read from */
        if ((void *)(at + 1) > end)
            return TC_ACT_SHOT;
        sum += *at++;
        left -= 2;
    }
    if (left == 1) {
        __u8 *last = (__u8 *)at;
        if ((void *)(last + 1) > end)
            return TC_ACT_SHOT;
        sum += *last;
    }
    return csum_close(sum) ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
