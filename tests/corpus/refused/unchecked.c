/* SPDX-License-Identifier: MIT */
/** The value of an array at a masked index, without a comparison with NULL.
 * Safe: every index of an array below its size has a value.
 * The kernel: "R0 invalid mem access 'map_value_or_null'" */
#include "headers.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, __u64);
} queues SEC(".maps");

SEC("xdp") int unchecked(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index & 7;
    __u64 *n = bpf_map_lookup_elem(&queues, &key);
    *n += 1;
    return *n & 1023 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
