/* SPDX-License-Identifier: MIT */
/** Static functions that are not inlined: pointers into the caller's stack, into the packet, to the
 * context. */
#include "headers.h"

struct summary {
    __u32 from;
    __u32 to;
    __u16 sport;
    __u16 dport;
    __u8 proto;
    __u8 ttl;
    __u16 score;
};

static __noinline int read_ports(void *at, void *end, struct summary *s)
{
    struct port_pair *p = at;
    if ((void *)(p + 1) > end)
        return -1;
    s->sport = bpf_ntohs(p->source);
    s->dport = bpf_ntohs(p->dest);
    return 0;
}

static __noinline int read_ip(struct xdp_md *ctx, struct summary *s)
{
    void *end = PEND(ctx);
    struct ethhdr *eth = PACKET(ctx);
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return -1;
    s->from = ip->saddr;
    s->to = ip->daddr;
    s->proto = ip->protocol;
    s->ttl = ip->ttl;
    if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
        return 0;
    return read_ports((void *)ip + ip->ihl * 4, end, s);
}

static __noinline void add_score(const struct summary *s, __u16 *score, __u16 weight)
{
    if (s->ttl < 5)
        *score += weight;
    if (s->sport == 0 || s->dport == 0)
        *score += 2 * weight;
    if (s->from == s->to)
        *score += 4 * weight;
}

SEC("xdp") int xdp_functions(struct xdp_md *ctx)
{
    struct summary s = {0};
    if (read_ip(ctx, &s))
        return XDP_PASS;
    add_score(&s, &s.score, s.proto == IPPROTO_TCP ? 3 : 1);
    add_score(&s, &s.score, s.dport < 1024 ? 2 : 1);
    return s.score > 6 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
