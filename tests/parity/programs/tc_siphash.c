/* SPDX-License-Identifier: MIT */
/** SipHash-2-4 of addresses and ports decides who is sampled; a bitmap remembers buckets. */
#include "net.h"

#define TURN(x, b) ((x) << (b) | (x) >> (64 - (b)))

struct sip {
    __u64 v0, v1, v2, v3;
};

const volatile __u64 secret[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 16);
} buckets SEC(".maps");

static __always_inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = TURN(s->v1, 13) ^ s->v0;
    s->v0 = TURN(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = TURN(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = TURN(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = TURN(s->v1, 17) ^ s->v2;
    s->v2 = TURN(s->v2, 32);
}

static __always_inline void sip_word(struct sip *s, __u64 word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

SEC("tc") int tc_siphash(struct __sk_buff *skb)
{
    struct sip s = {secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d,
                    secret[0] ^ 0x6c7967656e657261, secret[1] ^ 0x7465646279746573};
    struct cursor c = CURSOR(skb);
    __u16 vlan;
    __u64 last;
    int type = take_ethernet(&c, &vlan);
    if (type == ETH_P_IP) {
        struct iphdr *ip = take_ip4(&c);
        if (!ip)
            return TC_ACT_OK;
        sip_word(&s, (__u64)ip->saddr << 32 | ip->daddr);
        last = ip->protocol;
    } else if (type == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return TC_ACT_OK;
        for (int i = 0; i < 4; i++)
            sip_word(&s, (__u64)ip->saddr.s6_addr32[i] << 32 | ip->daddr.s6_addr32[i]);
        last = ip->nexthdr;
    } else {
        return TC_ACT_UNSPEC;
    }
    if (last == IPPROTO_TCP || last == IPPROTO_UDP) {
        __be32 *ports = TAKE(&c, __be32);
        if (ports)
            last |= (__u64)*ports << 8;
    }
    sip_word(&s, last | 24ull << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    __u64 hash = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    __u32 key = hash & 15;
    __u64 *bucket = bpf_map_lookup_elem(&buckets, &key);
    if (!bucket)
        return TC_ACT_SHOT;
    bool known = *bucket >> (hash >> 58) & 1;
    *bucket |= 1ull << (hash >> 58);
    skb->mark = hash;
    skb->priority = hash >> 32;
    return known ? TC_ACT_PIPE : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
