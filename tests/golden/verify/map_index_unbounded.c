/* SPDX-License-Identifier: MIT */
/* A port from the packet as an index, without a limit. */
#include "programs.h"

struct table {
    __u8 at[1024];
};
MAP(tables, BPF_MAP_TYPE_ARRAY, 1, __u32, struct table);

SEC("xdp")
int map_index_unbounded(struct xdp_md *ctx)
{
    const __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    __u32 key = 0;
    struct table *t = bpf_map_lookup_elem(&tables, &key);
    if (!t || data + 38 > end)
        return XDP_ABORTED;
    return t->at[wn_be16(data + 36)] ? XDP_DROP : XDP_PASS;
}
