/* SPDX-License-Identifier: MIT */
/* The key is taken for a longer one. */
#include "programs.h"

MAP(hosts, BPF_MAP_TYPE_HASH, 16, __u32, __u64);

static long body(void *map, __u64 *key, __u64 *value, void *data)
{
    return *key == *value;
}

SEC("xdp")
int callback_key_too_long(struct xdp_md *ctx)
{
    return bpf_for_each_map_elem(&hosts, body, 0, 0);
}
