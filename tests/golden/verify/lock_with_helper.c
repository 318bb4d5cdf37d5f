/* SPDX-License-Identifier: MIT */
/* The time is asked for while the lock is held. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_with_helper(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    if (!a)
        return XDP_DROP;
    bpf_spin_lock(&a->lock);
    a->sum = bpf_ktime_get_ns();
    bpf_spin_unlock(&a->lock);
    return ctx->ingress_ifindex;
}
