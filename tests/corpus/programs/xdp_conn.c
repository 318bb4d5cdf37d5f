/* SPDX-License-Identifier: MIT */
/** Follows TCP connections through their states; packets that belong to none are dropped. */
#include "headers.h"

struct conn_key {
    __be32 low;
    __be32 high;
    __be16 low_port;
    __be16 high_port;
};

enum state { CLOSED, SYN_SENT, SYN_ACKED, OPEN, CLOSING };

struct conn {
    __u64 seen;
    __u32 packets[2];
    __u8 state;
    __u8 fins;
    __u16 pad;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct conn_key);
    __type(value, struct conn);
} conns SEC(".maps");

static __always_inline bool order(struct conn_key *key, const struct iphdr *ip,
                                  const struct tcphdr *tcp)
{
    if (bpf_ntohl(ip->saddr) < bpf_ntohl(ip->daddr)) {
        *key = (struct conn_key){ip->saddr, ip->daddr, tcp->source, tcp->dest};
        return false;
    }
    *key = (struct conn_key){ip->daddr, ip->saddr, tcp->dest, tcp->source};
    return true;
}

static __always_inline int step(struct conn *c, const struct tcphdr *tcp)
{
    if (tcp->rst) {
        c->state = CLOSED;
        return XDP_PASS;
    }
    switch (c->state) {
    case SYN_SENT:
        if (tcp->syn && tcp->ack)
            c->state = SYN_ACKED;
        else if (!tcp->syn)
            return XDP_DROP;
        break;
    case SYN_ACKED:
        if (tcp->ack && !tcp->syn)
            c->state = OPEN;
        break;
    case OPEN:
        if (tcp->syn)
            return XDP_DROP;
        if (tcp->fin)
            c->state = CLOSING;
        break;
    case CLOSING:
        if (tcp->fin && ++c->fins > 1)
            c->state = CLOSED;
        break;
    default: return XDP_DROP;
    }
    return XDP_PASS;
}

SEC("xdp") int xdp_conn(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct conn_key key;

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_TCP)
        return XDP_PASS;
    struct tcphdr *tcp = (void *)ip + ip->ihl * 4;
    if ((void *)(tcp + 1) > end)
        return XDP_DROP;
    bool back = order(&key, ip, tcp);
    struct conn *c = bpf_map_lookup_elem(&conns, &key);
    if (!c) {
        struct conn fresh = {.seen = bpf_ktime_get_ns(), .state = SYN_SENT};
        if (!tcp->syn || tcp->ack)
            return XDP_DROP;
        if (back)
            fresh.packets[1] = 1;
        else
            fresh.packets[0] = 1;
        bpf_map_update_elem(&conns, &key, &fresh, BPF_ANY);
        return XDP_PASS;
    }
    c->seen = bpf_ktime_get_ns();
    c->packets[back]++;
    if (c->state == CLOSED && tcp->syn && !tcp->ack) {
        c->state = SYN_SENT;
        c->fins = 0;
        return XDP_PASS;
    }
    return step(c, tcp);
}

char _license[] SEC("license") = "GPL";
