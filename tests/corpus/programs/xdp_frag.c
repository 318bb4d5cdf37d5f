/* SPDX-License-Identifier: MIT */
/** Fragments: later ones follow the verdict of the first, which knows the ports. */
#include "headers.h"

struct frag_key {
    __be32 from;
    __be32 to;
    __be16 id;
    __u8 proto;
    __u8 pad;
};

struct frag {
    __u64 since;
    __u32 verdict;
    __u32 pieces;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 2048);
    __type(key, struct frag_key);
    __type(value, struct frag);
} frags SEC(".maps");

static __always_inline int judge(struct iphdr *ip, void *end)
{
    struct port_pair *p = (void *)ip + ip->ihl * 4;
    if (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP)
        return XDP_PASS;
    if ((void *)(p + 1) > end)
        return XDP_DROP;
    return p->dest == bpf_htons(11211) || p->source == bpf_htons(11211) ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int xdp_frag(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u16 off = bpf_ntohs(ip->frag_off);
    if (!(off & (IP_MORE | IP_OFFSET)))
        return judge(ip, end);
    struct frag_key key = {ip->saddr, ip->daddr, ip->id, ip->protocol, 0};
    if (off & IP_OFFSET) {
        struct frag *f = bpf_map_lookup_elem(&frags, &key);
        if (!f)
            return XDP_DROP;
        if (++f->pieces > 44 || bpf_ktime_get_ns() - f->since > 30000000000ull) {
            bpf_map_delete_elem(&frags, &key);
            return XDP_DROP;
        }
        return f->verdict;
    }
    struct frag fresh = {bpf_ktime_get_ns(), judge(ip, end), 1};
    bpf_map_update_elem(&frags, &key, &fresh, BPF_ANY);
    return fresh.verdict;
}

char _license[] SEC("license") = "GPL";
