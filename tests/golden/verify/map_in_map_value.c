/* SPDX-License-Identifier: MIT */
/* The values of the inner maps are shorter than what is read. */
#include "programs.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 4);
    __type(key, __u32);
    __array(values, struct inner);
} outer SEC(".maps");

SEC("xdp")
int map_in_map_value(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    void *map = bpf_map_lookup_elem(&outer, &key);
    if (!map)
        return XDP_DROP;
    __u64 *value = bpf_map_lookup_elem(map, &key);
    return value ? *value : XDP_PASS;
}
