/* SPDX-License-Identifier: MIT */
/** Looks for the busiest flow each time, in tables of every kind. */
#include "net.h"

struct flow {
    __be32 from, to;
    __u16 proto, unused;
};

#define TABLE(name, kind)                                                                          \
    struct {                                                                                       \
        __uint(type, kind);                                                                        \
        __type(key, struct flow);                                                                  \
        __type(value, __u64);                                                                      \
        __uint(max_entries, 4096);                                                                 \
    } name SEC(".maps")

TABLE(percpu, BPF_MAP_TYPE_PERCPU_HASH);
TABLE(lru, BPF_MAP_TYPE_LRU_HASH);
TABLE(lru_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH);

struct best {
    struct flow flow;
    __u64 bytes;
    __u64 tables;
};

static __u64 compare(void *map, struct flow *key, __u64 *value, struct best *best)
{
    (void)map;
    if (*value < best->bytes ||
        (*value == best->bytes && (key->from > best->flow.from || key->to > best->flow.to)))
        return 0;
    best->bytes = *value;
    best->flow = *key;
    return 0;
}

static __u64 halve(void *map, struct flow *key, __u64 *value, void *data)
{
    (void)map;
    (void)key;
    (void)data;
    *value /= 2;
    return 0;
}

static __always_inline void count(void *map, struct flow *key, __u64 bytes)
{
    __u64 *n = bpf_map_lookup_elem(map, key);
    if (n)
        *n += bytes;
    else
        bpf_map_update_elem(map, key, &bytes, BPF_NOEXIST);
}

SEC("tc") int tc_elements(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    __u32 bytes = skb->len;
    __u16 vlan;
    struct flow key = {0};
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return TC_ACT_PIPE;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return TC_ACT_SHOT;
    key.from = ip->saddr;
    key.to = ip->daddr;
    key.proto = ip->protocol;
    count(&percpu, &key, bytes);
    count(&lru, &key, bytes + 1);
    count(&lru_percpu, &key, bytes + 2);
    struct best best = {0};
    skb->cb[0] = bpf_for_each_map_elem(&percpu, compare, &best, 0);
    skb->cb[1] = bpf_for_each_map_elem(&lru, compare, &best, 0);
    skb->cb[2] = bpf_for_each_map_elem(&lru_percpu, compare, &best, 0);
    skb->mark = best.bytes;
    if (bytes % 16 == 0)
        bpf_for_each_map_elem(&lru, halve, 0, 0);
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
