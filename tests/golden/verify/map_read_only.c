/* SPDX-License-Identifier: MIT */
/* The map's owner said that programs only read it. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __uint(map_flags, 1 << 7); /* BPF_F_RDONLY_PROG */
    __type(key, __u32);
    __type(value, __u32);
} settings SEC(".maps");

SEC("xdp")
int map_read_only(struct xdp_md *ctx)
{
    __u32 key = 0, *setting = bpf_map_lookup_elem(&settings, &key);
    if (setting)
        *setting = ctx->rx_queue_index;
    return XDP_PASS;
}
