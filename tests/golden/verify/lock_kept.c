/* SPDX-License-Identifier: MIT */
/* On one of two ways the lock is not given back. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_kept(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    if (!a)
        return XDP_DROP;
    bpf_spin_lock(&a->lock);
    if (a->n++ > 5)
        return XDP_DROP;
    a->sum += ctx->ingress_ifindex;
    bpf_spin_unlock(&a->lock);
    return XDP_PASS;
}
