/* SPDX-License-Identifier: MIT */
/** Questions to name servers: walks the labels, counts names by hash, drops what is listed. */
#include "net.h"

#define LONGEST 48

struct dns_header {
    __be16 id, flags, questions, answers, authorities, more;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __u32);
    __type(value, __u32);
    __uint(max_entries, 512);
} names SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __u32);
    __type(value, __u8);
    __uint(max_entries, 16);
} blocked SEC(".maps");

/** Hash of a name in small letters; 0 if it is not whole. */
static __attribute__((noinline)) __u32 hash_name(struct xdp_md *ctx, __u32 at)
{
    __u32 hash = 0x811c9dc5, left = 0, whole = 0;
    for (int i = 0; i < LONGEST; i++) {
        struct cursor c = CURSOR(ctx);
        if (!take(&c, (at + i) & 255))
            break;
        __u8 *byte = TAKE(&c, __u8);
        if (!byte)
            break;
        __u32 b = *byte;
        if (left == 0) {
            if (b == 0) {
                whole = 1;
                break;
            }
            if (b > 63)
                break;
            left = b;
        } else {
            left--;
            if (b - 'A' < 26)
                b += 'a' - 'A';
        }
        hash = (hash ^ b) * 0x01000193;
    }
    return whole ? hash | 1 : 0;
}

SEC("xdp") int xdp_dns(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    int type = take_ethernet(&c, &vlan), proto;
    bool fragment = false;
    if (type == ETH_P_IP) {
        struct iphdr *ip = take_ip4(&c);
        if (!ip || ip->frag_off & bpf_htons(0x1fff))
            return XDP_PASS;
        proto = ip->protocol;
    } else if (type == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip)
            return XDP_PASS;
        proto = take_extensions(&c, ip->nexthdr, &fragment);
    } else {
        return XDP_PASS;
    }
    if (proto != IPPROTO_UDP || fragment)
        return XDP_PASS;
    struct udphdr *udp = TAKE(&c, struct udphdr);
    if (!udp || udp->dest != bpf_htons(53))
        return XDP_PASS;
    struct dns_header *dns = TAKE(&c, struct dns_header);
    if (!dns)
        return XDP_DROP;
    if (dns->flags & bpf_htons(0x8000) || dns->questions != bpf_htons(1))
        return 20;
    __u32 hash = hash_name(ctx, (long)c.at - (long)ctx->data), one = 1;
    if (hash == 0)
        return XDP_ABORTED;
    __u32 *count = bpf_map_lookup_elem(&names, &hash);
    if (count)
        *count += 1;
    else
        bpf_map_update_elem(&names, &hash, &one, BPF_ANY);
    return bpf_map_lookup_elem(&blocked, &hash) ? XDP_DROP : 30;
}

char _license[] SEC("license") = "GPL";
