/* SPDX-License-Identifier: MIT */
/** QUIC: the connection's name, whatever its length, chooses the server that goes on with it. */
#include "headers.h"

#define SERVERS 8
#define ID_MAX  20

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, SERVERS);
    __type(key, __u32);
    __type(value, __u32);
} ifindexes SEC(".maps");

SEC("xdp") int xdp_quic(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    __u8 *quic = (__u8 *)(udp + 1);
    __u32 bytes = 8, hash = 0x811c9dc5;

    if ((void *)(quic + 6) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(443) || !(quic[0] & 0x40))
        return XDP_PASS;
    __u8 *id = quic + 1;
    if (quic[0] & 0x80) {
        bytes = quic[5];
        id = quic + 6;
    }
    if (bytes > ID_MAX)
        return XDP_DROP;
    for (__u32 i = 0; i < ID_MAX; i++) {
        if (i >= bytes)
            break;
        asm volatile("" : "+r"(id)); /* what is compared is what is read from */
        if ((void *)(id + 1) > end)
            return XDP_DROP;
        hash = (hash ^ *id++) * 0x01000193;
    }
    __u32 key = hash % SERVERS, *ifindex = bpf_map_lookup_elem(&ifindexes, &key);
    return ifindex && *ifindex ? bpf_redirect(*ifindex, 0) : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
