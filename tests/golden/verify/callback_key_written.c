/* SPDX-License-Identifier: MIT */
/* Keys are the map's. */
#include "programs.h"

MAP(hosts, BPF_MAP_TYPE_HASH, 16, __u32, __u64);

static long body(void *map, __u32 *key, __u64 *value, void *data)
{
    *key = 0;
    return *value != 0;
}

SEC("xdp")
int callback_key_written(struct xdp_md *ctx)
{
    return bpf_for_each_map_elem(&hosts, body, 0, 0);
}
