/* SPDX-License-Identifier: MIT */
/** Goes through maps: counts, ages and forgets what is in them. */
#include "net.h"

struct host {
    __u32 packets;
    __u32 age;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct host);
    __uint(max_entries, 64);
} hosts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 5);
} sizes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 3);
} cpus SEC(".maps");

struct total {
    __u64 elements, packets, keys, bytes;
    __u32 limit;
};

/* The order is the map's own, so nothing here may depend on it. */
static long age(void *map, const __be32 *key, struct host *h, struct total *t)
{
    t->elements += h->packets & 7;
    t->packets += h->packets;
    t->keys ^= *key;
    t->bytes += h->bytes;
    if (++h->age > 40 + (*key & 15))
        bpf_map_delete_elem(map, key);
    return 0;
}

static long add(void *map, const __u32 *key, __u64 *value, struct total *t)
{
    (void)map;
    t->bytes += *value * (*key + 1);
    t->elements += *value & 3;
    return *key == t->limit;
}

SEC("xdp") int xdp_elements(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 bytes = c.end - c.at, which = bytes % 5, cpu = bytes % 3;
    __u16 vlan;
    struct total t = {.limit = bytes % 7};
    __u64 *size = bpf_map_lookup_elem(&sizes, &which), *n = bpf_map_lookup_elem(&cpus, &cpu);
    if (size)
        *size += bytes;
    if (n)
        *n += 1;
    if (take_ethernet(&c, &vlan) == ETH_P_IP) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (!ip)
            return XDP_DROP;
        __be32 from = ip->saddr;
        struct host first = {1, 0, bytes}, *h = bpf_map_lookup_elem(&hosts, &from);
        if (h) {
            h->packets++;
            h->bytes += bytes;
        } else {
            bpf_map_update_elem(&hosts, &from, &first, BPF_NOEXIST);
        }
    }
    long seen = bpf_for_each_map_elem(&hosts, age, &t, 0);
    seen += 1000 * bpf_for_each_map_elem(&sizes, add, &t, 0);
    seen += 100000 * bpf_for_each_map_elem(&cpus, add, &t, 0);
    if (bpf_for_each_map_elem(&cpus, add, &t, 1) != -22)
        return XDP_ABORTED;
    __u32 at = 4;
    __u64 mixed = t.elements + 3 * t.packets + 5 * t.keys + 7 * t.bytes + seen;
    bpf_map_update_elem(&sizes, &at, &mixed, BPF_ANY);
    return t.elements & 1 ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL";
