/* SPDX-License-Identifier: MIT */
/* A store by a helper may move the packet, as far as the kernel says. */
#include "programs.h"

SEC("tc")
int headers_after_store(struct __sk_buff *skb)
{
    struct ethhdr *eth = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    __be16 type = bpf_htons(0x0800);
    if (eth + 1 > end || bpf_skb_store_bytes(skb, 12, &type, sizeof type, 0))
        return TC_ACT_SHOT;
    return eth->h_dest[0] & 1 ? TC_ACT_SHOT : TC_ACT_OK;
}
