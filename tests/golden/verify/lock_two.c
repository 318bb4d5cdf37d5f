/* SPDX-License-Identifier: MIT */
/* Two accounts at once. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_two(struct xdp_md *ctx)
{
    __u32 key = 0, other = 1;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    struct account *b = bpf_map_lookup_elem(&accounts, &other);
    if (!a || !b)
        return XDP_DROP;
    bpf_spin_lock(&a->lock);
    bpf_spin_lock(&b->lock);
    a->sum -= 1;
    b->sum += 1;
    bpf_spin_unlock(&b->lock);
    bpf_spin_unlock(&a->lock);
    return ctx->ingress_ifindex;
}
