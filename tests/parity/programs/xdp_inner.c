/* SPDX-License-Identifier: MIT */
/** Tables of tables: by protocol, and by the length of the packet. */
#include "net.h"

struct counts {
    __u64 packets;
    __u64 bytes;
};

struct by_host {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct counts);
    __uint(max_entries, 128);
} tcp SEC(".maps"), udp SEC(".maps"), other SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 4);
    __type(key, __u32);
    __array(values, struct by_host);
} protocols SEC(".maps") = {.values = {[0] = &other, [1] = &tcp, [3] = &udp}};

struct by_size {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 8);
} small SEC(".maps"), large SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct by_size);
} sizes SEC(".maps") = {.values = {&small, &large}};

SEC("xdp") int xdp_inner(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 bytes = c.end - c.at, which = bytes / 256, index = bytes & 15;
    __u16 vlan;
    void *table = bpf_map_lookup_elem(&sizes, &which);
    if (table) {
        __u64 *n = bpf_map_lookup_elem(table, &index);
        if (n)
            *n += bytes;
        index = 7;
        bpf_map_update_elem(table, &index, &(__u64){bytes}, BPF_ANY);
    }
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return table ? XDP_PASS : XDP_TX;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return XDP_DROP;
    __be32 host = ip->saddr;
    __u32 number = ip->protocol == IPPROTO_TCP ? 1 : ip->protocol == IPPROTO_UDP ? 3 : 0;
    if (ip->ttl == 0)
        number = 2 + 2 * (bytes & 1); /* where nothing is */
    table = bpf_map_lookup_elem(&protocols, &number);
    if (!table)
        return XDP_ABORTED;
    struct counts first = {1, bytes}, *n = bpf_map_lookup_elem(table, &host);
    if (!n)
        return bpf_map_update_elem(table, &host, &first, BPF_NOEXIST) ? XDP_DROP : XDP_TX;
    n->packets++;
    n->bytes += bytes;
    if (n->packets == 9)
        bpf_map_delete_elem(table, &host);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
