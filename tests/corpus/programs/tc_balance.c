/* SPDX-License-Identifier: MIT */
/** Sends flows out of several links in proportion to their weights, and counts what went where. */
#include "headers.h"

#define LINKS 4

struct link {
    __u32 ifindex;
    __u32 upto; /* of 256 */
    __u64 bytes;
};

struct links {
    struct link link[LINKS];
    __u32 n;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct links);
} links SEC(".maps");

SEC("tc") int tc_balance(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    __u32 key = 0, hash = 0;
    struct links *all = bpf_map_lookup_elem(&links, &key);

    if (!all || (void *)(eth + 1) > end)
        return TC_ACT_SHOT;
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return TC_ACT_SHOT;
        __u32 *words = (__u32 *)&ip->saddr;
#pragma unroll
        for (int i = 0; i < 8; i++)
            hash = rotate(hash, 5) ^ words[i];
    } else if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return TC_ACT_SHOT;
        hash = ip->saddr * 31 + ip->daddr;
    }
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    for (__u32 i = 0; i < LINKS && i < all->n; i++) {
        if ((hash & 255) >= all->link[i].upto)
            continue;
        all->link[i].bytes += skb->len;
        return bpf_redirect(all->link[i].ifindex, 0);
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
