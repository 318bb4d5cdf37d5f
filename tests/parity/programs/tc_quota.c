/* SPDX-License-Identifier: MIT */
/** So many bytes for each host; who has used them up is shut out, and forgotten after a while. */
#include "net.h"

struct budget {
    __u64 left;
    __u32 refused;
    __u32 packets;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct budget);
    __uint(max_entries, 8); /* fewer than there are hosts */
} budgets SEC(".maps");

__u64 forgotten, full;

SEC("tc") int tc_quota(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return TC_ACT_OK;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return TC_ACT_SHOT;
    __be32 host = ip->saddr;
    struct budget *b = bpf_map_lookup_elem(&budgets, &host);
    if (!b) {
        struct budget fresh = {1500, 0, 1};
        long r = bpf_map_update_elem(&budgets, &host, &fresh, BPF_NOEXIST);
        if (r)
            full++;
        skb->mark = r;
        return r ? TC_ACT_PIPE : TC_ACT_OK;
    }
    b->packets++;
    if (b->left >= skb->len) {
        b->left -= skb->len;
        return TC_ACT_OK;
    }
    b->refused++;
    if (b->refused > 3) {
        skb->priority = b->packets;
        skb->mark = bpf_map_delete_elem(&budgets, &host);
        skb->cb[0] = bpf_map_delete_elem(&budgets, &host);
        forgotten++;
    }
    return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
