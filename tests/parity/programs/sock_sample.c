/* SPDX-License-Identifier: MIT */
/** What a socket filter may ask of struct __sk_buff; one packet of a few is kept. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, __u64[4]);
    __uint(max_entries, 4);
} kinds SEC(".maps");

SEC("socket") int sock_sample(struct __sk_buff *skb)
{
    __u32 key =
        (skb->pkt_type == 1 || skb->pkt_type == 2) + 2 * (skb->protocol == bpf_htons(ETH_P_IP));
    __u64 *k = bpf_map_lookup_elem(&kinds, &key);
    if (!k)
        return 0;
    k[0]++;
    k[1] += skb->len;
    k[2] = k[2] * 31 + skb->protocol + skb->mark + skb->priority + skb->ifindex + skb->hash;
    k[3] |= 1ull << (skb->len & 63);
    if (skb->vlan_present || skb->queue_mapping || skb->tc_index || skb->napi_id || skb->gso_segs)
        return 3;
    for (int i = 0; i < 3; i++)
        ((volatile __u32 *)k)[7] += i;
    skb->cb[4] = k[0];
    return skb->cb[4] % 3 ? 0 : 96 + skb->ingress_ifindex + skb->cb[0];
}

char _license[] SEC("license") = "GPL";
