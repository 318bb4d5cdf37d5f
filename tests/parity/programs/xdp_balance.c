/* SPDX-License-Identifier: MIT */
/** Chooses a server by a hash of the connection (Jenkins's one for words), and counts. */
#include "net.h"

#define SERVERS 8

struct server {
    __be32 address;
    __u32 weight;
};

static const struct server servers[SERVERS] = {
    {bpf_htonl(0x0a090001), 3}, {bpf_htonl(0x0a090002), 1}, {bpf_htonl(0x0a090003), 4},
    {bpf_htonl(0x0a090004), 1}, {bpf_htonl(0x0a090005), 5}, {bpf_htonl(0x0a090006), 9},
    {bpf_htonl(0x0a090007), 2}, {bpf_htonl(0x0a090008), 6},
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64[2]);
    __uint(max_entries, SERVERS);
} load SEC(".maps");

static __always_inline __u32 turn(__u32 x, __u32 by)
{
    return x << by | x >> (32 - by);
}

static __always_inline __u32 hash3(__u32 a, __u32 b, __u32 c)
{
    c = (c ^ b) - turn(b, 14);
    a = (a ^ c) - turn(c, 11);
    b = (b ^ a) - turn(a, 25);
    c = (c ^ b) - turn(b, 16);
    a = (a ^ c) - turn(c, 4);
    b = (b ^ a) - turn(a, 14);
    return (c ^ b) - turn(b, 24);
}

SEC("xdp") int xdp_balance(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan = 0;
    bool fragment = false;
    __u32 from = 0, to = 0, bytes = c.end - c.at;
    int type = take_ethernet(&c, &vlan), proto = 0;
    /* Else clang -O1 leaves them undefined on ways that the kernel cannot rule out. */
    asm volatile("" : "+r"(from), "+r"(to), "+r"(proto));
    struct iphdr *ip4 = NULL;
    if (type == ETH_P_IP) {
        ip4 = take_ip4(&c);
        if (!ip4)
            return XDP_DROP;
        from = ip4->saddr;
        to = ip4->daddr;
        proto = ip4->protocol;
    } else if (type == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return XDP_DROP;
        from = hash3(ip->saddr.s6_addr32[0], ip->saddr.s6_addr32[1], ip->saddr.s6_addr32[3]);
        to = hash3(ip->daddr.s6_addr32[0], ip->daddr.s6_addr32[1], ip->daddr.s6_addr32[3]);
        proto = take_extensions(&c, ip->nexthdr, &fragment);
    } else {
        return XDP_PASS;
    }
    if (fragment || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
        return XDP_PASS;
    __be32 *ports = TAKE(&c, __be32);
    if (!ports)
        return XDP_ABORTED;
    __u32 hash = hash3(from, to, *ports ^ proto), which = hash & (SERVERS - 1);
    if (servers[which].weight < (hash >> 28))
        which = (which + 1) & (SERVERS - 1);
    __be32 chosen = servers[which].address;
    __u32 key =
        which; /* this one goes through memory, where the kernel loses sight of its bounds */
    __u64 *counts = bpf_map_lookup_elem(&load, &key);
    if (!counts)
        return XDP_ABORTED;
    __sync_fetch_and_add(&counts[0], 1);
    __sync_fetch_and_add(&counts[1], bytes);
    if (type == ETH_P_IP) {
        struct cursor again = CURSOR(ctx);
        take_ethernet(&again, &vlan);
        struct iphdr *ip = TAKE(&again, struct iphdr);
        if (!ip)
            return XDP_ABORTED;
        ip->daddr = chosen;
    }
    return 10 + key;
}

char _license[] SEC("license") = "GPL";
