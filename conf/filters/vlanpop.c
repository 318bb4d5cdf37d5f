/* SPDX-License-Identifier: MIT */
/*
 * A door out of one VLAN: of packets with tag const.vlan the tag is taken off, and they pass; all
 * others are dropped, or pass as they are with const.others = 1. Of two tags (802.1ad) the outer
 * one is meant; the inner one is beside the packet afterwards (vlan_tci), where kernels keep it.
 *
 * What it shows: helpers that change the packet. What was known of its addresses before means
 * nothing afterwards: they are loaded and compared again.
 *
 *     winnowctl run vlanpop.o -r sample.pcap --const vlan=7 -w untagged.pcapng
 *
 * In the kernel it is for clsact:
 *
 *     tc filter add dev eth0 ingress bpf direct-action object-file vlanpop.o section tc
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <winnow/bpf.h>

#define VLAN_BITS 0x0fff /* of a tag; above them are priority and drop eligibility */

const volatile __u16 vlan = 1;
const volatile __u32 others = 0;

struct tag {
    __be16 tci;  /* the VLAN's number is in it */
    __be16 type; /* of what follows */
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1 << 12);
    __type(key, __u32); /* VLAN of the packets that had one */
    __type(value, __u64);
} seen SEC(".maps");

/* The number of the outermost VLAN; -1: there is none. */
static __always_inline int vlan_of(struct __sk_buff *skb)
{
    void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    struct ethhdr *eth = data;
    struct tag *tag = (void *)(eth + 1);

    /* A kernel mostly has the tag beside the packet; where packets are captured it is in its bytes.
     */
    if (skb->vlan_present)
        return skb->vlan_tci & VLAN_BITS;
    if ((void *)(tag + 1) > end)
        return -1;
    if (eth->h_proto != bpf_htons(ETH_P_8021Q) && eth->h_proto != bpf_htons(ETH_P_8021AD))
        return -1;
    return bpf_ntohs(tag->tci) & VLAN_BITS;
}

SEC("tc")
int vlanpop(struct __sk_buff *skb)
{
    int other = others ? TC_ACT_OK : TC_ACT_SHOT;
    int number = vlan_of(skb);
    if (number < 0)
        return other;

    __u32 key = number;
    __u64 *n = bpf_map_lookup_elem(&seen, &key);
    if (n)
        __sync_fetch_and_add(n, 1);
    if (number != vlan)
        return other;
    /* It moves the addresses to where the tag was; without room it changes nothing and says so. */
    return bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
