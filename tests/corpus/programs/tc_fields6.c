/* SPDX-License-Identifier: MIT */
/** Decides by the context alone: protocol, mark, queue, time; writes what may be written. */
#include "headers.h"

struct counter {
    __u64 packets;
    __u64 bytes;
    __u64 newest;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 256);
    __type(key, __u32);
    __type(value, struct counter);
} counters SEC(".maps");

SEC("tc") int tc_fields6(struct __sk_buff *skb)
{
    __u32 key = skb->protocol << 16 | (skb->mark & 0xffff);
    struct counter *c = bpf_map_lookup_elem(&counters, &key), fresh = {1, skb->len, skb->tstamp};

    if (c) {
        c->packets++;
        c->bytes += skb->len;
        if (skb->tstamp > c->newest)
            c->newest = skb->tstamp;
    } else {
        bpf_map_update_elem(&counters, &key, &fresh, BPF_ANY);
    }
    if (skb->pkt_type == 3 || skb->wire_len > 9018)
        return TC_ACT_SHOT;
    skb->cb[0] = skb->ifindex;
    skb->cb[1] = skb->cb[0] ^ skb->queue_mapping;
    skb->mark |= skb->vlan_present ? 0x10000 : 0;
    skb->priority = skb->vlan_present ? skb->vlan_tci >> 13 : skb->tc_index & 7;
    return skb->gso_segs > 1 ? TC_ACT_PIPE : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
