/* SPDX-License-Identifier: MIT */
/* The key is a variable that nobody has set. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_HASH, 256, __u32, __u64);

SEC("xdp")
int map_key_unset(struct xdp_md *ctx)
{
    __u32 key;
    return bpf_map_lookup_elem(&counts, &key) ? XDP_PASS : XDP_DROP;
}
