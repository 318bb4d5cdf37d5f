/* SPDX-License-Identifier: MIT */
/** A trie of IPv6 prefixes beside an interface: what is known of a source, learned at /64. */
#include "net.h"

struct place {
    __u32 bits;
    __u32 ifindex;
    struct in6_addr address;
};

struct known {
    __u32 packets, last;
    __u8 hops;
};

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __type(key, struct place);
    __type(value, struct known);
    __uint(max_entries, 30);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} places SEC(".maps");

SEC("tc") int tc_prefixes6(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    struct known new = {1, 0, 0};
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IPV6)
        return TC_ACT_OK;
    struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
    if (!ip)
        return TC_ACT_SHOT;
    struct place key = {160, skb->ifindex, ip->saddr};
    struct known *k = bpf_map_lookup_elem(&places, &key);
    if (k) {
        k->packets++;
        k->last = ip->payload_len;
        k->hops = k->hops > ip->hop_limit ? k->hops : ip->hop_limit;
        return 100 + (int)(k->packets % 50);
    }
    key.bits = 32 + (ip->nexthdr == IPPROTO_TCP ? 64 : 48);
    long r = bpf_map_update_elem(&places, &key, &new, BPF_NOEXIST);
    if (r == -28) { /* full: everything of this interface is one */
        key.bits = 32;
        r = 1 + bpf_map_update_elem(&places, &key, &new, BPF_ANY);
    }
    return 10 + (int)r;
}

char _license[] SEC("license") = "GPL";
