/* SPDX-License-Identifier: MIT */
/** Several fields of a value that belong together, changed under its lock. */
#include "net.h"

struct flow {
    __u32 packets;
    struct bpf_spin_lock lock;
    __u64 bytes;
    __u16 longest, shortest;
    __u32 last;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct flow);
    __uint(max_entries, 64);
} flows SEC(".maps");

struct total {
    __u64 n;
    struct {
        __u32 unused;
        struct bpf_spin_lock lock;
    } inner;
    __u64 sum;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct total);
    __uint(max_entries, 4);
} totals SEC(".maps");

static __attribute__((noinline)) __u32 smaller(__u32 a, __u32 b)
{
    return a < b ? a : b;
}

SEC("xdp") int xdp_locks(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 bytes = c.end - c.at, which = bytes % 5;
    __u16 vlan;
    struct total *t = bpf_map_lookup_elem(&totals, &which);
    if (t) {
        bpf_spin_lock(&t->inner.lock);
        t->n++;
        for (int i = 0; i < 4; i++)
            t->sum += smaller(bytes, 100 * i);
        bpf_spin_unlock(&t->inner.lock);
    }
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return XDP_DROP;
    __be32 host = ip->saddr;
    struct flow *f = bpf_map_lookup_elem(&flows, &host);
    if (!f) {
        struct flow first = {.packets = 1, .bytes = bytes, .longest = bytes, .shortest = bytes};
        return bpf_map_update_elem(&flows, &host, &first, BPF_NOEXIST) ? XDP_ABORTED : XDP_TX;
    }
    bpf_spin_lock(&f->lock);
    f->packets++;
    f->bytes += bytes;
    if (bytes > f->longest) {
        f->longest = bytes;
        f->last = f->packets;
    }
    if (bytes < f->shortest)
        f->shortest = bytes;
    __u64 sum = f->bytes;
    bpf_spin_unlock(&f->lock);
    if (sum > 4000) { /* as a whole, in the place of the old one */
        struct flow fresh = {.packets = 7, .bytes = 1, .last = bytes};
        if (bpf_map_update_elem(&flows, &host, &fresh, BPF_F_LOCK | BPF_EXIST))
            return XDP_ABORTED;
    }
    return bpf_map_update_elem(&totals, &which, &(struct total){.n = sum}, BPF_F_LOCK | BPF_NOEXIST)
               ? XDP_PASS
               : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
