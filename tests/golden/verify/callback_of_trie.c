/* SPDX-License-Identifier: MIT */
/* A trie is not gone through. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 16);
    __type(key, __u64);
    __type(value, __u64);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} nets SEC(".maps");

static long body(void *map, __u64 *key, __u64 *value, void *data)
{
    return *value != 0;
}

SEC("xdp")
int callback_of_trie(struct xdp_md *ctx)
{
    return bpf_for_each_map_elem(&nets, body, 0, 0);
}
