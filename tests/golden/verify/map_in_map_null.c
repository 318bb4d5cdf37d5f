/* SPDX-License-Identifier: MIT */
/* Nothing says that there is a map. */
#include "programs.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u64);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 4);
    __type(key, __u32);
    __array(values, struct inner);
} outer SEC(".maps");

SEC("xdp")
int map_in_map_null(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    void *map = bpf_map_lookup_elem(&outer, &key);
    __u64 *value = bpf_map_lookup_elem(map, &key);
    return value ? *value : XDP_PASS;
}
