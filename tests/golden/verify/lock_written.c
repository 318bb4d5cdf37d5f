/* SPDX-License-Identifier: MIT */
/* The lock is set like any other field. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_written(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    if (!a)
        return XDP_DROP;
    a->lock.val = 0;
    a->sum = ctx->ingress_ifindex;
    return XDP_PASS;
}
