/* SPDX-License-Identifier: MIT */
/** Whether the header was there is remembered in a map's value, and asked for later: the kernel
 * follows a flag through registers and stack, not through memory that others could write. Safe:
 * nobody does.
 * The kernel: "R7 offset is outside of the packet" */
#include "headers.h"

struct memory {
    __u32 whole;
    __u32 packets;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct memory);
} memories SEC(".maps");

SEC("xdp") int remembered(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 key = 0;
    struct memory *m = bpf_map_lookup_elem(&memories, &key);

    if (!m)
        return XDP_ABORTED;
    m->packets++;
    m->whole = 0;
    if ((void *)(ip + 1) <= end)
        m->whole = 1;
    asm volatile("" ::: "memory");
    if (m->whole && eth->h_proto == bpf_htons(ETH_P_IP))
        return ip->ttl < 2 ? XDP_DROP : XDP_PASS;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
