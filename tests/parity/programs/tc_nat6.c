/* SPDX-License-Identifier: MIT */
/** Translates network prefixes of IPv6 so that no checksum changes (RFC 6296), else adjusts it. */
#include "net.h"

struct prefix {
    __be32 word[2];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct prefix);
    __type(value, struct prefix);
    __uint(max_entries, 16);
} prefixes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 4);
} counts SEC(".maps");

static __always_inline void add(__u32 key, __u64 n)
{
    __u64 *c = bpf_map_lookup_elem(&counts, &key);
    if (c)
        __sync_fetch_and_add(c, n);
}

static __always_inline __sum16 *check_of(struct cursor *c, int proto)
{
    if (proto == IPPROTO_TCP) {
        struct tcphdr *tcp = TAKE(c, struct tcphdr);
        return tcp ? &tcp->check : NULL;
    }
    if (proto == IPPROTO_UDP) {
        struct udphdr *udp = TAKE(c, struct udphdr);
        return udp && udp->check ? &udp->check : NULL;
    }
    return NULL;
}

SEC("classifier") int tc_nat6(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth || eth->h_proto != bpf_htons(ETH_P_IPV6))
        return TC_ACT_UNSPEC;
    struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
    if (!ip)
        return TC_ACT_SHOT;
    struct prefix was = {{ip->saddr.s6_addr32[0], ip->saddr.s6_addr32[1]}}, now;
    struct prefix *p = bpf_map_lookup_elem(&prefixes, &was);
    if (!p) {
        add(0, 1);
        return TC_ACT_OK;
    }
    now = *p;
    __s64 change = bpf_csum_diff(&was.word[0], sizeof was, &now.word[0], sizeof now, 0);
    ip->saddr.s6_addr32[0] = now.word[0];
    ip->saddr.s6_addr32[1] = now.word[1];
    skb->mark = change;
    if (ip->daddr.s6_addr[15] & 1) { /* into the interface's half, as RFC 6296 has it */
        __u16 word = ip->saddr.s6_addr16[7];
        ip->saddr.s6_addr16[7] = ~fold((__u64)word + (__u16)~change);
        add(1, 1);
        return TC_ACT_PIPE;
    }
    __sum16 *check = check_of(&c, ip->nexthdr);
    if (!check) {
        add(2, 1);
        return TC_ACT_OK;
    }
    *check = fold((__u64)(__u16) ~*check + change);
    add(3, skb->len);
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
