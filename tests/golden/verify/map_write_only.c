/* SPDX-License-Identifier: MIT */
/* The map's owner said that programs only write it. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16);
    __uint(map_flags, 1 << 8); /* BPF_F_WRONLY_PROG */
    __type(key, __u32);
    __type(value, __u32);
} seen SEC(".maps");

SEC("xdp")
int map_write_only(struct xdp_md *ctx)
{
    __u32 key = 0, *times = bpf_map_lookup_elem(&seen, &key);
    if (times)
        *times += 1;
    return XDP_PASS;
}
