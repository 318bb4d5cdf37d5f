/* SPDX-License-Identifier: MIT */
/** Bytes by flow bucket: a hash of five fields chooses one of 1,024 counters of this CPU. */
#include "headers.h"

#define BUCKETS 1024

struct bucket {
    __u64 packets;
    __u64 bytes;
    __u32 last;
    __u32 collisions;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, BUCKETS);
    __type(key, __u32);
    __type(value, struct bucket);
} buckets SEC(".maps");

#define MIX(a, b, c)                                                                               \
    do {                                                                                           \
        a ^= c;                                                                                    \
        a -= rotate(c, 14);                                                                        \
        b ^= a;                                                                                    \
        b -= rotate(a, 11);                                                                        \
        c ^= b;                                                                                    \
        c -= rotate(b, 25);                                                                        \
        a ^= c;                                                                                    \
        a -= rotate(c, 16);                                                                        \
    } while (0)

static __always_inline __u32 hash5(__u32 a, __u32 b, __u32 ports, __u32 proto)
{
    __u32 c = ports + 0x9e3779b9;
    a += 0x5bd1e995;
    b += proto << 24 | 0x1b873;
    MIX(a, b, c);
    MIX(c, a, b);
    MIX(b, c, a);
    return a ^ b ^ c;
}

SEC("xdp") int xdp_tuple(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 ports = 0;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if ((ip->frag_off & bpf_htons(IP_OFFSET)) == 0 &&
        (ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP)) {
        __u32 *both = (void *)ip + ip->ihl * 4;
        if ((void *)(both + 1) > end)
            return XDP_DROP;
        ports = *both;
    }
    __u32 hash = hash5(ip->saddr, ip->daddr, ports, ip->protocol);
    __u32 index = hash & (BUCKETS - 1);
    struct bucket *b = bpf_map_lookup_elem(&buckets, &index);
    if (!b)
        return XDP_ABORTED;
    if (b->last && b->last != hash)
        b->collisions++;
    b->last = hash;
    b->packets++;
    b->bytes += end - data;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
