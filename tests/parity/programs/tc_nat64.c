/* SPDX-License-Identifier: MIT */
/** Turns IPv4 into IPv6 and back, where nothing but the header has to change (RFC 6052, 7915). */
#include "net.h"

static const __u8 prefix[12] = {0x00, 0x64, 0xff, 0x9b};

static __always_inline int to_6(struct __sk_buff *skb)
{
    struct iphdr ip;
    struct ipv6hdr six = {.version = 6};
    __be16 type = bpf_htons(ETH_P_IPV6);
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip) || ip.ihl != 5)
        return TC_ACT_UNSPEC;
    six.payload_len = bpf_htons(bpf_ntohs(ip.tot_len) - sizeof ip);
    six.nexthdr = ip.protocol == IPPROTO_ICMP ? IPPROTO_ICMPV6 : ip.protocol;
    six.hop_limit = ip.ttl;
    six.priority = ip.tos >> 4;
    __builtin_memcpy(&six.saddr, prefix, sizeof prefix);
    __builtin_memcpy(&six.daddr, prefix, sizeof prefix);
    six.saddr.s6_addr32[3] = ip.saddr;
    six.daddr.s6_addr32[3] = ip.daddr;
    __s64 change = bpf_csum_diff(&ip.saddr, 8, (__be32 *)&six.saddr, 32, 0);
    skb->cb[0] = bpf_skb_change_proto(skb, type, 0);
    skb->cb[1] = bpf_skb_store_bytes(skb, ETH_HLEN, &six, sizeof six, 0);
    skb->cb[2] = bpf_skb_store_bytes(skb, 12, &type, sizeof type, 0);
    if (ip.protocol == IPPROTO_TCP)
        skb->cb[3] = bpf_l4_csum_replace(skb, ETH_HLEN + sizeof six + 16, 0, change,
                                         1 << 7 /* BPF_F_IPV6 */);
    else if (ip.protocol == IPPROTO_UDP)
        skb->cb[3] = bpf_l4_csum_replace(skb, ETH_HLEN + sizeof six + 6, 0, change,
                                         BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE);
    return TC_ACT_OK;
}

static __always_inline int to_4(struct __sk_buff *skb)
{
    struct ipv6hdr six;
    struct iphdr ip = {.version = 4, .ihl = 5};
    __be16 type = bpf_htons(ETH_P_IP);
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &six, sizeof six))
        return TC_ACT_SHOT;
    ip.tot_len = bpf_htons(bpf_ntohs(six.payload_len) + sizeof ip);
    ip.protocol = six.nexthdr == IPPROTO_ICMPV6 ? IPPROTO_ICMP : six.nexthdr;
    ip.ttl = six.hop_limit;
    ip.saddr = six.saddr.s6_addr32[3];
    ip.daddr = six.daddr.s6_addr32[3];
    ip.check = fold(bpf_csum_diff(NULL, 0, (__be32 *)&ip, sizeof ip, 0));
    skb->cb[0] = bpf_skb_change_proto(skb, type, 0);
    skb->cb[1] = bpf_skb_store_bytes(skb, ETH_HLEN, &ip, sizeof ip, 0);
    skb->cb[2] = bpf_skb_store_bytes(skb, 12, &type, sizeof type, 0);
    return TC_ACT_PIPE;
}

SEC("tc") int tc_nat64(struct __sk_buff *skb)
{
    int result = TC_ACT_UNSPEC;
    if (skb->protocol == bpf_htons(ETH_P_IP))
        result = to_6(skb);
    else if (skb->protocol == bpf_htons(ETH_P_IPV6))
        result = to_4(skb);
    else
        skb->mark = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
    skb->priority = bpf_skb_change_proto(skb, skb->protocol, 0);
    skb->cb[4] = skb->protocol << 16 | skb->len;
    return result;
}

char _license[] SEC("license") = "GPL";
