/* SPDX-License-Identifier: MIT */
/** Rewrites destinations as a table says, with all checksums, by bpf_csum_diff(). */
#include "net.h"

struct target {
    __be32 address;
    __be16 port; /* 0: stays */
    __u16 unused;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct target);
    __uint(max_entries, 128);
} targets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, __u32);
    __uint(max_entries, 128);
} rewritten SEC(".maps");

static __always_inline void note(__be32 address)
{
    __u32 one = 1, *count = bpf_map_lookup_elem(&rewritten, &address);
    if (count)
        *count += 1;
    else
        bpf_map_update_elem(&rewritten, &address, &one, BPF_ANY);
}

SEC("xdp") int xdp_nat(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return XDP_DROP;
    __be32 before = ip->daddr, after;
    struct target *t = bpf_map_lookup_elem(&targets, &before);
    if (!t)
        return XDP_PASS;
    after = t->address;
    note(before);
    __s64 change = bpf_csum_diff(&before, sizeof before, &after, sizeof after, 0);
    ip->daddr = after;
    ip->check = fold((__u64)(__u16)~ip->check + change);
    if (ip->frag_off & bpf_htons(0x1fff))
        return XDP_TX;
    if (ip->protocol == IPPROTO_TCP) {
        struct tcphdr *tcp = TAKE(&c, struct tcphdr);
        if (!tcp)
            return XDP_ABORTED;
        if (t->port) {
            __be32 from = tcp->dest, to = t->port;
            change = bpf_csum_diff(&from, sizeof from, &to, sizeof to, change);
            tcp->dest = t->port;
        }
        tcp->check = fold((__u64)(__u16)~tcp->check + change);
    } else if (ip->protocol == IPPROTO_UDP) {
        struct udphdr *udp = TAKE(&c, struct udphdr);
        if (!udp)
            return XDP_ABORTED;
        if (udp->check) {
            udp->check = fold((__u64)(__u16)~udp->check + change);
            if (!udp->check)
                udp->check = 0xffff;
        }
    }
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
