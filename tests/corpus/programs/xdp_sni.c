/* SPDX-License-Identifier: MIT */
/** TLS: finds the server's name in a ClientHello by offsets that the packet itself gives. */
#include "headers.h"

#define NAME_MAX 24

struct host {
    char name[NAME_MAX];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 256);
    __type(key, struct host);
    __type(value, __u64);
} hosts SEC(".maps");

/** One byte, or two, at an offset of the packet; -1 behind its end. */
static __noinline int byte_at(struct xdp_md *ctx, __u32 at)
{
    __u8 *b = PACKET(ctx) + (at & 0x7ff);
    return (void *)(b + 1) > PEND(ctx) ? -1 : *b;
}

static __always_inline int half_at(struct xdp_md *ctx, __u32 at)
{
    int high = byte_at(ctx, at), low = byte_at(ctx, at + 1);
    return high < 0 || low < 0 ? -1 : high << 8 | low;
}

/** Where the name's extension begins; 0 without one. Global, to be verified once. */
__noinline int find_name(struct xdp_md *ctx, __u32 at)
{
    for (int i = 0; i < 12; i++) {
        int type = half_at(ctx, at), bytes = half_at(ctx, at + 2);
        if (type < 0 || bytes < 0)
            break;
        if (type == 0)
            return at + 9;
        at += 4 + bytes;
    }
    return 0;
}

SEC("xdp") int xdp_sni(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct tcphdr *tcp = (void *)(ip + 1);
    struct host host = {{0}};

    if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    if (ip->protocol != IPPROTO_TCP || tcp->dest != bpf_htons(443))
        return XDP_PASS;
    __u32 at = sizeof *eth + sizeof *ip + tcp->doff * 4;
    if (byte_at(ctx, at) != 22 || byte_at(ctx, at + 5) != 1)
        return XDP_PASS;
    at += 43;
    int n = byte_at(ctx, at); /* session */
    if (n < 0)
        return XDP_PASS;
    at += 1 + n;
    n = half_at(ctx, at); /* ciphers */
    if (n < 0)
        return XDP_PASS;
    at += 2 + n;
    n = byte_at(ctx, at); /* compression */
    if (n < 0)
        return XDP_PASS;
    n = find_name(ctx, at + 1 + n + 2);
    if (n <= 0)
        return XDP_PASS;
    at = n;
    for (int i = 0; i < NAME_MAX; i++) {
        n = byte_at(ctx, at + i);
        if (n <= 0)
            break;
        host.name[i] = n;
    }
    __u64 *hits = bpf_map_lookup_elem(&hosts, &host);
    if (!hits)
        return XDP_PASS;
    __sync_fetch_and_add(hits, 1);
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
