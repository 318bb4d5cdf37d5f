/* SPDX-License-Identifier: MIT */
/* The address of the value is passed instead of its lock's. */
#include "programs.h"

struct account {
    __u64 sum;
    struct bpf_spin_lock lock;
    __u32 n;
};

MAP(accounts, BPF_MAP_TYPE_ARRAY, 2, __u32, struct account);

SEC("xdp")
int lock_wrong_field(struct xdp_md *ctx)
{
    __u32 key = 0;
    struct account *a = bpf_map_lookup_elem(&accounts, &key);
    if (!a)
        return XDP_DROP;
    bpf_spin_lock((void *)a);
    a->sum = ctx->ingress_ifindex;
    bpf_spin_unlock((void *)a);
    return XDP_PASS;
}
