/* SPDX-License-Identifier: MIT */
/** An offset that was bounded is kept in a map's value between two parts of the program: what comes
 * back is any number to the kernel. Safe: the value is this CPU's, and nobody else writes it.
 * The kernel: "math between map_value pointer and register with unbounded min value is not allowed"
 */
#include "headers.h"

struct scratch {
    __u64 offset;
    __u64 proto;
    __u8 names[64];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct scratch);
} scratches SEC(".maps");

SEC("xdp") int scratch(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 key = 0;
    struct scratch *s = bpf_map_lookup_elem(&scratches, &key);

    if (!s || (void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    s->proto = ip->protocol;
    s->offset = ip->ihl * 4;
    asm volatile("" ::: "memory");
    s->names[s->offset]++;
    return s->names[s->offset] == 255 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
