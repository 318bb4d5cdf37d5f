/* SPDX-License-Identifier: MIT */
/** Reads every field of struct __sk_buff that means the same everywhere, also in parts. */
#include "net.h"

static __always_inline __u32 mix(__u32 hash, __u32 value)
{
    hash ^= value;
    hash *= 0x9e3779b1;
    return hash << 13 | hash >> 19;
}

SEC("tc") int tc_fields(struct __sk_buff *skb)
{
    __u32 hash = 1;
    hash = mix(hash, skb->len);
    hash = mix(hash, skb->protocol);
    hash = mix(hash, skb->mark);
    hash = mix(hash, skb->priority);
    hash = mix(hash, skb->queue_mapping);
    hash = mix(hash, skb->vlan_present);
    hash = mix(hash, skb->vlan_tci);
    hash = mix(hash, skb->vlan_proto);
    hash = mix(hash, skb->ingress_ifindex);
    hash = mix(hash, skb->ifindex);
    hash = mix(hash, skb->tc_index);
    hash = mix(hash, skb->tc_classid);
    hash = mix(hash, skb->hash);
    hash = mix(hash, skb->napi_id);
    hash = mix(hash, skb->gso_segs);
    hash = mix(hash, skb->gso_size);
    hash = mix(hash, skb->wire_len);
    hash = mix(hash, skb->tstamp);
    hash = mix(hash, (void *)(long)skb->data_end - (void *)(long)skb->data);
    hash = mix(hash, (void *)(long)skb->data - (void *)(long)skb->data_meta);
    /* The loopback device, where test runs happen, has no broadcast address. */
    hash = mix(hash, skb->pkt_type == 1 || skb->pkt_type == 2);
    hash = mix(hash, ((volatile __u8 *)&skb->len)[0]);
    hash = mix(hash, ((volatile __u8 *)&skb->protocol)[1]);
    hash = mix(hash, ((volatile __u16 *)&skb->ifindex)[0]);
#pragma unroll
    for (int i = 0; i < 5; i++)
        hash = mix(hash, skb->cb[i]);

    skb->cb[0] = skb->protocol;
    ((volatile __u8 *)&skb->cb[1])[1] = 0xab;
    ((volatile __u16 *)&skb->cb[1])[1] = 0xcdef;
    *(volatile __u64 *)&skb->cb[2] = (__u64)hash << 32 | skb->len;
    skb->mark = hash;
    skb->priority = hash >> 7;
    skb->tc_index = hash >> 9;
    skb->tc_classid = 0x10001;
    if (skb->len & 1)
        skb->tstamp = hash;
    return mix(skb->tc_index, skb->tc_classid) & 0xff;
}

char _license[] SEC("license") = "GPL";
