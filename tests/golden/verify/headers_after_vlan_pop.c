/* SPDX-License-Identifier: MIT */
/* The address is kept in the stack while a tag is taken away. */
#include "programs.h"

static __noinline int untag(struct __sk_buff *skb)
{
    return bpf_skb_vlan_pop(skb);
}

SEC("tc")
int headers_after_vlan_pop(struct __sk_buff *skb)
{
    struct ethhdr *eth = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (eth + 1 > end)
        return TC_ACT_SHOT;
    if (untag(skb))
        return TC_ACT_SHOT;
    eth->h_source[5] = 1;
    return TC_ACT_OK;
}
