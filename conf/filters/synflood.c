/* SPDX-License-Identifier: MIT */
/*
 * Who is being flooded: connection attempts (SYN) for each server and port, and how many came in
 * its busiest second. With const.limit the attempts beyond that many a second are dropped.
 *
 * What it shows: headers of variable length, one after the other, each compared with the packet's
 * end before it is read; and windows of time in a map.
 *
 *     winnowctl run synflood.o -r sample.pcap --dump-map servers
 *     winnowctl map watch synflood servers
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <winnow/bpf.h>

#define SECOND_NS 1000000000ull

const volatile __u32 limit = 0; /* attempts a second and server; 0: none is dropped */

struct server {
    __u32 address[4]; /* IPv4: the last of them alone */
    __be16 port;
    __u16 family; /* 4 or 6 */
};

struct attempts {
    __u64 second; /* that is being counted */
    __u32 now;    /* in it */
    __u32 peak;   /* in the busiest one */
    __u64 all, dropped;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct server);
    __type(value, struct attempts);
} servers SEC(".maps");

/* Where TCP begins, and to whom it goes; NULL: it is none, or a fragment without its header. */
static __always_inline struct tcphdr *find_tcp(struct ethhdr *eth, void *end, struct server *to)
{
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end || ip->ihl < 5 || ip->protocol != IPPROTO_TCP ||
            (ip->frag_off & bpf_htons(0x1fff)))
            return (void *)0;
        to->family = 4;
        to->address[3] = ip->daddr;
        return (void *)ip + ip->ihl * 4; /* with its options */
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end || ip->nexthdr != IPPROTO_TCP)
            return (void *)0;
        to->family = 6;
        __builtin_memcpy(to->address, &ip->daddr, sizeof to->address);
        return (void *)(ip + 1);
    }
    return (void *)0;
}

static __always_inline int count(struct attempts *a, __u64 second)
{
    if (a->second != second) {
        a->second = second;
        a->now = 0;
    }
    a->all++;
    if (++a->now > a->peak)
        a->peak = a->now;
    if (!limit || a->now <= limit)
        return XDP_PASS;
    a->dropped++;
    return XDP_DROP;
}

SEC("xdp")
int synflood(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct server to = {};

    if ((void *)(eth + 1) > end)
        return XDP_PASS;
    struct tcphdr *tcp = find_tcp(eth, end, &to);
    /* The comparison that makes reading tcp safe, wherever it begins. */
    if (!tcp || (void *)(tcp + 1) > end || !tcp->syn || tcp->ack)
        return XDP_PASS;
    to.port = tcp->dest;

    __u64 second = bpf_ktime_get_ns() / SECOND_NS;
    struct attempts *a = bpf_map_lookup_elem(&servers, &to);
    if (a)
        return count(a, second);
    struct attempts first = {.second = second, .now = 1, .peak = 1, .all = 1};
    bpf_map_update_elem(&servers, &to, &first, BPF_ANY);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
