/* SPDX-License-Identifier: MIT */
/* The value may be missing. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_null(struct xdp_md *ctx)
{
    __u32 key = ctx->rx_queue_index;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    bpf_spin_lock(&a->lock);
    bpf_spin_unlock(&a->lock);
    return XDP_PASS;
}
