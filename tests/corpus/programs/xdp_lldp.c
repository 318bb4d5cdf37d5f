/* SPDX-License-Identifier: MIT */
/** LLDP: walks the TLVs, checks their order, counts each type and remembers the time to live. */
#include "headers.h"

#define ETH_LLDP 0x88cc

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 128);
    __type(key, __u32);
    __type(value, __u64);
} types SEC(".maps");

__u16 last_ttl;

SEC("xdp") int xdp_lldp(struct xdp_md *ctx)
{
    void *end = PEND(ctx), *at = PACKET(ctx);
    struct ethhdr *eth = at;
    int expected = 1;

    if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_LLDP))
        return XDP_PASS;
    at = eth + 1;
    for (int i = 0; i < 16; i++) {
        __be16 *head = at;
        if ((void *)(head + 1) > end)
            return XDP_DROP;
        __u32 word = bpf_ntohs(*head), type = word >> 9, bytes = word & 511;
        if (type == 0)
            return expected == 4 ? XDP_PASS : XDP_DROP;
        if (expected < 4 && type != expected)
            return XDP_DROP;
        if (expected < 4)
            expected++;
        if (type == 3) {
            __be16 *ttl = at + 2;
            if ((void *)(ttl + 1) > end || bytes != 2)
                return XDP_DROP;
            last_ttl = bpf_ntohs(*ttl);
        }
        __u64 *n = bpf_map_lookup_elem(&types, &type);
        if (n)
            *n += 1;
        at += 2 + bytes;
    }
    return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
