/* SPDX-License-Identifier: MIT */
/* A bloom filter gives nothing back. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 16);
    __type(value, __u32);
} seen SEC(".maps");

SEC("xdp")
int queue_popped_from_filter(struct xdp_md *ctx)
{
    __u32 value;
    return bpf_map_pop_elem(&seen, &value) ? XDP_PASS : XDP_DROP;
}
