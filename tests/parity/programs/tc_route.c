/* SPDX-License-Identifier: MIT */
/** Asks where packets would go, and whether they would fit; not who is there, which depends on what
 * has been sent. */
#include "net.h"

static __always_inline __u32 ask(struct __sk_buff *skb, struct bpf_fib_lookup *l, __u32 flags)
{
    long r = bpf_fib_lookup(skb, l, sizeof *l, flags);
    return (__u32)r << 16 | (l->ifindex & 0xff) << 8 | (l->rt_metric & 0xff);
}

SEC("tc") int tc_route(struct __sk_buff *skb)
{
    struct bpf_fib_lookup l = {.ifindex = skb->ifindex};
    __u32 mtu = 0, big = 70000;
    if (skb->protocol == bpf_htons(ETH_P_IP)) {
        struct iphdr ip;
        if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip))
            return TC_ACT_SHOT;
        l.family = 2;
        l.tot_len = bpf_ntohs(ip.tot_len);
        l.ipv4_src = ip.saddr;
        l.ipv4_dst = ip.daddr;
    } else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr ip;
        if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip))
            return TC_ACT_SHOT;
        l.family = 10;
        __builtin_memcpy(l.ipv6_src, &ip.saddr, 32);
    }
    skb->cb[0] = ask(skb, &l, BPF_FIB_LOOKUP_SKIP_NEIGH);
    skb->cb[1] = l.mtu_result << 16 | l.h_vlan_TCI;
    l.ifindex = skb->ifindex;
    l.tot_len = 0;
    skb->cb[2] =
        ask(skb, &l, BPF_FIB_LOOKUP_SKIP_NEIGH | (skb->len & 1 ? BPF_FIB_LOOKUP_DIRECT : 0));
    skb->cb[3] = bpf_check_mtu(skb, 0, &mtu, 0, 0) << 24 | (mtu & 0xffffff);
    skb->cb[4] = bpf_check_mtu(skb, skb->ifindex, &big, -(__s32)skb->len, 0);
    mtu = 0;
    skb->mark = bpf_check_mtu(skb, 9999, &mtu, 0, 0);
    skb->priority = bpf_check_mtu(skb, 0, &mtu, 70000, 0) << 8 | l.mtu_result;
    l.ifindex = 9999;
    return ask(skb, &l, 0) >> 16 & 0xff;
}

char _license[] SEC("license") = "GPL";
