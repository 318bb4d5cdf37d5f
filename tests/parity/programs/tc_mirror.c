/* SPDX-License-Identifier: MIT */
/** Sends copies of packets elsewhere, before and after it changes them. */
#include "net.h"

SEC("tc") int tc_mirror(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return TC_ACT_SHOT;
    if (eth->h_dest[0] & 1) {
        skb->cb[0] = bpf_clone_redirect(skb, 9999, 0);
        skb->cb[1] = bpf_clone_redirect(skb, skb->ifindex, 4);
        return TC_ACT_OK;
    }
    skb->cb[2] = bpf_clone_redirect(skb, skb->ifindex, 0);
    c = (struct cursor)CURSOR(skb); /* the copy shares it until it is written */
    eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return TC_ACT_SHOT;
    eth->h_source[5] ^= 1;
    skb->cb[3] = bpf_skb_change_tail(skb, ETH_HLEN + (skb->len & 31), 0);
    skb->mark = skb->len;
    return skb->len & 4 ? bpf_redirect(skb->ifindex, BPF_F_INGRESS) : bpf_redirect_peer(7, 1);
}

char _license[] SEC("license") = "GPL";
