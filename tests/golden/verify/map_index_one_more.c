/* SPDX-License-Identifier: MIT */
/* A table of 16 has no place 16. */
#include "programs.h"

struct table {
    __u32 at[16];
};
MAP(tables, BPF_MAP_TYPE_ARRAY, 1, __u32, struct table);

SEC("xdp")
int map_index_one_more(struct xdp_md *ctx)
{
    __u32 key = 0, queue = ctx->rx_queue_index;
    struct table *t = bpf_map_lookup_elem(&tables, &key);
    if (!t || queue > 16)
        return XDP_ABORTED;
    t->at[queue]++;
    return XDP_PASS;
}
