/* SPDX-License-Identifier: MIT */
/** Numbers that go along with packets: hashes, as far as programs set them, times, types, queues.
 */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 16);
} buckets SEC(".maps");

SEC("tc") int tc_hash(struct __sk_buff *skb)
{
    __u32 at_first = bpf_get_hash_recalc(skb), ports = 0;
    skb->cb[0] = at_first != 0 && at_first == skb->hash; /* which one depends on the machine */
    bpf_set_hash_invalid(skb);
    skb->cb[1] = skb->hash;
    skb->cb[2] = bpf_get_hash_recalc(skb) == at_first;
    bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct iphdr), &ports, sizeof ports);
    bpf_set_hash(skb, ports * 0x9e3779b1);
    __u32 key = bpf_get_hash_recalc(skb) >> 28;
    __u64 *bucket = bpf_map_lookup_elem(&buckets, &key);
    if (bucket)
        *bucket += skb->len;
    if (ports & 1) /* what is stored makes it another packet */
        bpf_skb_store_bytes(skb, 0, &ports, sizeof ports, BPF_F_INVALIDATE_HASH);
    skb->cb[3] = skb->hash;
    long r = bpf_skb_change_type(skb, ports & 7);
    skb->cb[4] = r << 8 | (r ? 0 : skb->pkt_type) | skb->tstamp_type << 4;
    skb->tc_index = ports;
    skb->tc_classid = ports >> 3;
    skb->queue_mapping = ports >> 5;
    /* Half of what is stored is kept. */
    skb->mark = ((volatile struct __sk_buff *)skb)->tc_index;
    skb->priority = ((volatile struct __sk_buff *)skb)->tc_classid << 16 |
                    ((volatile struct __sk_buff *)skb)->queue_mapping;
    if (bpf_skb_set_tstamp(skb, skb->tstamp + ports, ports & 3))
        return TC_ACT_PIPE;
    skb->mark ^= skb->tstamp_type << 20;
    return bpf_csum_level(skb, BPF_CSUM_LEVEL_INC)     ? TC_ACT_SHOT
           : bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY) ? TC_ACT_STOLEN
                                                       : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
