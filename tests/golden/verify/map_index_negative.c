/* SPDX-License-Identifier: MIT */
/* A signed index with a limit at one end only. */
#include "programs.h"

struct table {
    __u8 at[1024];
};
MAP(tables, BPF_MAP_TYPE_ARRAY, 1, __u32, struct table);

SEC("xdp")
int map_index_negative(struct xdp_md *ctx)
{
    __u32 key = 0;
    int index = (int)ctx->rx_queue_index;
    struct table *t = bpf_map_lookup_elem(&tables, &key);
    if (!t || index >= 1024)
        return XDP_ABORTED;
    return t->at[index] ? XDP_DROP : XDP_PASS;
}
