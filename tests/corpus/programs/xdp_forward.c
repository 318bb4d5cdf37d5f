/* SPDX-License-Identifier: MIT */
/** Port forwarding: service address and port become a server's, and the sums with them. */
#include "headers.h"

struct service {
    __be32 addr;
    __be16 port;
    __u16 proto;
};

struct server {
    __be32 addr;
    __be16 port;
    __u16 weight;
    __u8 mac[ETH_ALEN];
    __u8 pad[2];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 256);
    __type(key, struct service);
    __type(value, struct server);
} services SEC(".maps");

SEC("xdp") int xdp_forward(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct service key = {0};
    __sum16 *check;

    if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->frag_off & bpf_htons(IP_MORE | IP_OFFSET))
        return XDP_PASS;
    struct port_pair *ports = (void *)(ip + 1);
    if (ip->protocol == IPPROTO_TCP) {
        struct tcphdr *tcp = (void *)(ip + 1);
        if ((void *)(tcp + 1) > end)
            return XDP_DROP;
        check = &tcp->check;
    } else if (ip->protocol == IPPROTO_UDP) {
        struct udphdr *udp = (void *)(ip + 1);
        if ((void *)(udp + 1) > end)
            return XDP_DROP;
        check = udp->check ? &udp->check : NULL;
    } else {
        return XDP_PASS;
    }
    key.addr = ip->daddr;
    key.port = ports->dest;
    key.proto = ip->protocol;
    struct server *to = bpf_map_lookup_elem(&services, &key);
    if (!to)
        return XDP_PASS;
    csum_long(&ip->check, ip->daddr, to->addr);
    if (check) {
        csum_long(check, ip->daddr, to->addr);
        csum_word(check, ports->dest, to->port);
    }
    ip->daddr = to->addr;
    ports->dest = to->port;
    __builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(eth->h_dest, to->mac, ETH_ALEN);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
