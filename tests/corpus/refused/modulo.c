/* SPDX-License-Identifier: MIT */
/** Consistent hashing with a table of 251 places: the kernel knows nothing of a remainder.
 * Safe: it is below 251, which is all there is.
 * The kernel: "math between map_value pointer and register with unbounded min value is not allowed"
 */
#include "headers.h"

#define PLACES  251
#define SERVERS 16

struct server {
    __u8 mac[ETH_ALEN];
    __u16 weight;
    __u64 packets;
};

__u8 places[PLACES];
struct server servers[SERVERS];

SEC("xdp") int modulo(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *p = (void *)(ip + 1);

    if ((void *)(p + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    __u32 h = ip->saddr * 0x9e3779b1u + (p->source << 16 | p->dest);
    h ^= h >> 15;
    h *= 0x85ebca77u;
    h ^= h >> 13;
    __u32 place = h % PLACES;
    __u32 who = places[place];
    if (who >= SERVERS)
        return XDP_DROP;
    servers[who].packets++;
    if (servers[who].weight == 0)
        return XDP_DROP;
    __builtin_memcpy(eth->h_dest, servers[who].mac, ETH_ALEN);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
