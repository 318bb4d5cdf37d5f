/* SPDX-License-Identifier: MIT */
/** Marks packets of those who know of congestion, and drops the others (RFC 3168). */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 4);
} counts SEC(".maps");

SEC("tc") int tc_ecn(struct __sk_buff *skb)
{
    __u32 key = 0, length = skb->len;
    int result = TC_ACT_OK;
    if (length & 1) { /* as if it could: what tells so is the last two bits */
        __u8 tos;
        if (skb->protocol == bpf_htons(ETH_P_IP) &&
            bpf_skb_load_bytes(skb, ETH_HLEN + 1, &tos, 1) == 0) {
            __u16 from = tos, to = (tos & ~3) | (length >> 1 & 3);
            __u8 stored = to;
            bpf_l3_csum_replace(skb, ETH_HLEN + 10, bpf_htons(from), bpf_htons(to), 2);
            bpf_skb_store_bytes(skb, ETH_HLEN + 1, &stored, 1, 0);
        }
    }
    if (skb->protocol == bpf_htons(ETH_P_8021Q)) {
        skb->cb[0] = bpf_skb_ecn_set_ce(skb); /* looks behind the tag, and marks before it */
        bpf_skb_vlan_pop(skb);
        key = 1;
    }
    skb->mark = bpf_skb_ecn_set_ce(skb);
    skb->cb[1] = bpf_skb_ecn_set_ce(skb);
    if (!skb->mark) {
        result = TC_ACT_SHOT;
        key |= 2;
    }
    bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 77);
    skb->cb[2] = bpf_skb_ecn_set_ce(skb);
    bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 78);
    skb->cb[3] = bpf_skb_ecn_set_ce(skb);
    __u64 *count = bpf_map_lookup_elem(&counts, &key);
    if (count)
        *count += length;
    return result;
}

char _license[] SEC("license") = "GPL";
