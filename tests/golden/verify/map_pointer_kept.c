/* SPDX-License-Identifier: MIT */
/* An address is put into a map, and found there by another packet. */
#include "programs.h"

struct last {
    const __u8 *data;
};
MAP(lasts, BPF_MAP_TYPE_ARRAY, 1, __u32, struct last);

SEC("xdp")
int map_pointer_kept(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct last *l = bpf_map_lookup_elem(&lasts, &key);
    if (!l)
        return XDP_ABORTED;
    const __u8 *was = l->data;
    return was && was[0] ? XDP_PASS : XDP_DROP;
}
