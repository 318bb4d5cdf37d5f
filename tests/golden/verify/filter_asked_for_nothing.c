/* SPDX-License-Identifier: MIT */
/* A bloom filter is asked about a value that nobody has set. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 16);
    __type(value, __u64);
} seen SEC(".maps");

SEC("xdp")
int filter_asked_for_nothing(struct xdp_md *ctx)
{
    __u64 value;
    return bpf_map_peek_elem(&seen, &value) ? XDP_PASS : XDP_DROP;
}
