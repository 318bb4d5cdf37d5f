/* SPDX-License-Identifier: MIT */
/* A number is not a lock. */
#include "programs.h"

struct account {
    __u64 sum;
    __u32 lock, n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_not_there(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    if (!a)
        return XDP_DROP;
    bpf_spin_lock((void *)&a->lock);
    a->sum = ctx->ingress_ifindex;
    bpf_spin_unlock((void *)&a->lock);
    return XDP_PASS;
}
