/* SPDX-License-Identifier: MIT */
/** Connections: both directions are one entry of an LRU hash, with a state that moves on. */
#include "net.h"

enum { NEW = 1, ANSWERED, OPEN, CLOSING, RESET };

struct flow {
    __be32 low, high;
    __be16 low_port, high_port;
    __u32 proto;
};

struct connection {
    __u32 state;
    __u32 begun_by_low;
    __u64 packets[2];
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __type(key, struct flow);
    __type(value, struct connection);
    __uint(max_entries, 8192);
} connections SEC(".maps");

static __always_inline __u32 next_state(__u32 state, struct tcphdr *tcp)
{
    if (tcp->rst)
        return RESET;
    if (tcp->fin)
        return CLOSING;
    if (tcp->syn && tcp->ack)
        return state == NEW ? ANSWERED : state;
    if (tcp->syn)
        return NEW;
    return state == ANSWERED ? OPEN : state;
}

SEC("xdp") int xdp_track(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    __u64 bytes = c.end - c.at;
    struct flow key = {0};
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = take_ip4(&c);
    if (!ip || ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(0x1fff))
        return XDP_PASS;
    struct tcphdr *tcp = TAKE(&c, struct tcphdr);
    if (!tcp)
        return XDP_DROP;
    bool low = bpf_ntohl(ip->saddr) < bpf_ntohl(ip->daddr);
    key.low = low ? ip->saddr : ip->daddr;
    key.high = low ? ip->daddr : ip->saddr;
    key.low_port = low ? tcp->source : tcp->dest;
    key.high_port = low ? tcp->dest : tcp->source;
    key.proto = ip->protocol;
    struct connection *k = bpf_map_lookup_elem(&connections, &key);
    if (!k) {
        struct connection fresh = {.state = tcp->syn ? NEW : 0, .begun_by_low = low};
        fresh.packets[!low] = 1;
        fresh.bytes = bytes;
        return bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY) ? XDP_ABORTED : XDP_TX;
    }
    k->state = next_state(k->state, tcp);
    __sync_fetch_and_add(&k->packets[!low], 1);
    __sync_fetch_and_add(&k->bytes, bytes);
    if (k->state == RESET) {
        bpf_map_delete_elem(&connections, &key);
        return XDP_DROP;
    }
    return k->state == OPEN ? XDP_PASS : 100 + k->state;
}

char _license[] SEC("license") = "GPL";
