/* SPDX-License-Identifier: MIT */
/** Answers that a port cannot be reached: the packet becomes shorter, and gets two headers in
 * front. */
#include "net.h"

#define QUOTED (sizeof(struct iphdr) + 8)

struct unreachable {
    struct iphdr ip;
    __u8 type, code;
    __sum16 check;
    __be32 unused;
};

SEC("tc") int tc_reject(struct __sk_buff *skb)
{
    struct ethhdr eth;
    struct iphdr was;
    struct unreachable u = {
        .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP}, .type = 3, .code = 3};
    if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_pull_data(skb, 0))
        return TC_ACT_UNSPEC;
    skb->cb[0] = bpf_skb_pull_data(skb, ETH_HLEN + QUOTED);
    skb->cb[1] = bpf_skb_pull_data(skb, skb->len + 1);
    if (bpf_skb_load_bytes(skb, 0, &eth, sizeof eth) ||
        bpf_skb_load_bytes(skb, sizeof eth, &was, sizeof was))
        return TC_ACT_SHOT;
    if (was.protocol != IPPROTO_UDP || was.ihl != 5)
        return TC_ACT_OK;
    skb->cb[2] = bpf_skb_change_tail(skb, ETH_HLEN + QUOTED, 0);
    skb->cb[3] = bpf_skb_change_head(skb, sizeof u, 0);
    u.ip.saddr = was.daddr;
    u.ip.daddr = was.saddr;
    u.ip.tot_len = bpf_htons(sizeof u + QUOTED);
    u.ip.check = fold(bpf_csum_diff(NULL, 0, (__be32 *)&u.ip, sizeof u.ip, 0));
    swap_macs(&eth);
    bpf_skb_store_bytes(skb, 0, &eth, sizeof eth, 0);
    bpf_skb_store_bytes(skb, sizeof eth, &u, sizeof u, 0);
    /* The sum over what is quoted, from the packet itself. */
    struct cursor c = CURSOR(skb);
    __u8 *front = take(&c, sizeof eth + sizeof(struct iphdr));
    __be32 *quoted = take(&c, 8 + QUOTED);
    if (!front || !quoted)
        return TC_ACT_SHOT;
    __u16 sum = fold(bpf_csum_diff(NULL, 0, quoted, 8 + QUOTED, 0));
    skb->cb[4] = bpf_skb_store_bytes(skb, sizeof eth + offsetof(struct unreachable, check), &sum,
                                     sizeof sum, BPF_F_RECOMPUTE_CSUM);
    skb->mark = bpf_skb_change_tail(skb, 13, 0);
    skb->priority = bpf_skb_change_head(skb, 20000, 0);
    return bpf_redirect(skb->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
