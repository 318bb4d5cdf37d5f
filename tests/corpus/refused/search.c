/* SPDX-License-Identifier: MIT */
/** Binary search in a sorted table: how far the ends are apart the kernel does not follow.
 * Safe: each turn halves what is left, and the middle lies between the ends.
 * The kernel: "The sequence of 8193 jumps is too complex." */
#include "headers.h"

#define ENTRIES 4096

struct table {
    __u32 net[ENTRIES];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct table);
} tables SEC(".maps");

SEC("xdp") int search(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 key = 0, low = 0, high = ENTRIES;
    struct table *t = bpf_map_lookup_elem(&tables, &key);

    if (!t || (void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u32 want = bpf_ntohl(ip->saddr);
    while (low < high) {
        __u32 middle = (low + high) / 2;
        if (t->net[middle] == want)
            return XDP_DROP;
        if (t->net[middle] < want)
            low = middle + 1;
        else
            high = middle;
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
