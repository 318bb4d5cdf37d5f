/* SPDX-License-Identifier: MIT */
/** Destination NAT as tc programs do it: bytes stored and checksums mended by helpers alone. */
#include "net.h"

#define IP_OFF(field)  (ETH_HLEN + offsetof(struct iphdr, field))
#define MOST_IP_HEADER 60

struct target {
    __be32 addr;
    __be16 port; /* 0: as it is */
    __u16 flags; /* 1: by a difference, as csum_diff gives it */
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct target);
    __uint(max_entries, 16);
} targets SEC(".maps");

/** Mend the transport's checksum; a UDP checksum of 0 stays 0. */
static __always_inline long mend(struct __sk_buff *skb, __u32 at, int proto, __be32 from, __be32 to,
                                 bool diff)
{
    __u64 flags = proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
    if (!diff)
        return bpf_l4_csum_replace(skb, at, from, to, BPF_F_PSEUDO_HDR | flags | sizeof to);
    __s64 change = bpf_csum_diff(&from, sizeof from, &to, sizeof to, 0);
    return bpf_l4_csum_replace(skb, at, 0, change, BPF_F_PSEUDO_HDR | flags);
}

static __always_inline int translate(struct __sk_buff *skb, const struct iphdr *ip,
                                     const struct target *t)
{
    __u32 transport = ETH_HLEN + ip->ihl * 4;
    __u32 check = transport + (ip->protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check)
                                                           : offsetof(struct udphdr, check));
    bool diff = t->flags & 1;
    __be16 port, to = t->port;
    long r = mend(skb, check, ip->protocol, ip->daddr, t->addr, diff);
    skb->cb[0] = r;
    if (diff) {
        __be32 from = ip->daddr, addr = t->addr;
        __s64 change = bpf_csum_diff(&from, sizeof from, &addr, sizeof addr, 0);
        skb->cb[1] = bpf_l3_csum_replace(skb, IP_OFF(check), 0, change, 0);
    } else {
        skb->cb[1] = bpf_l3_csum_replace(skb, IP_OFF(check), ip->daddr, t->addr, sizeof t->addr);
    }
    skb->cb[2] = bpf_skb_store_bytes(skb, IP_OFF(daddr), &t->addr, sizeof t->addr,
                                     BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH);
    if (!to || bpf_skb_load_bytes(skb, transport + 2, &port, sizeof port))
        return r ? TC_ACT_SHOT : TC_ACT_OK;
    skb->cb[3] = bpf_l4_csum_replace(skb, check, port, to, sizeof to);
    skb->cb[4] = bpf_skb_store_bytes(skb, transport + 2, &to, sizeof to, 0);
    return TC_ACT_PIPE;
}

SEC("tc") int tc_dnat(struct __sk_buff *skb)
{
    struct iphdr ip;
    if (skb->protocol != bpf_htons(ETH_P_IP))
        return TC_ACT_UNSPEC;
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip))
        return TC_ACT_SHOT;
    if (ip.protocol != IPPROTO_TCP && ip.protocol != IPPROTO_UDP)
        return TC_ACT_OK;
    __be32 key = ip.daddr;
    struct target *found = bpf_map_lookup_elem(&targets, &key), t;
    if (!found)
        return TC_ACT_OK;
    t = *found;
    /* Wrong on purpose now and then: what is refused must be, too. */
    if (ip.tos & 4)
        skb->mark = bpf_l3_csum_replace(skb, IP_OFF(check) + 1, 0, 0, 2);
    if (ip.tos & 8)
        skb->priority = bpf_l4_csum_replace(skb, IP_OFF(check), 1, 0, 0);
    return translate(skb, &ip, &t);
}

char _license[] SEC("license") = "GPL";
