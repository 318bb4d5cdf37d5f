/* SPDX-License-Identifier: MIT */
/** Answers ARP and echo requests with nothing but helpers that load and store. */
#include "net.h"

struct arp {
    __be16 hardware, protocol;
    __u8 hardware_bytes, protocol_bytes;
    __be16 operation;
    __u8 from[6], from_ip[4], to[6], to_ip[4];
} __attribute__((packed));

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 4);
} results SEC(".maps");

static __always_inline void count(__u32 key, __s64 n)
{
    __u64 *c = bpf_map_lookup_elem(&results, &key);
    if (c)
        *c = *c * 5 + n;
}

static __always_inline int answer_arp(struct xdp_md *ctx, struct ethhdr *eth)
{
    struct arp arp, was;
    if (bpf_xdp_load_bytes(ctx, sizeof *eth, &arp, sizeof arp))
        return XDP_DROP;
    was = arp;
    arp.operation = bpf_htons(2);
    __builtin_memcpy(arp.to, was.from, 10);
    __builtin_memcpy(arp.from_ip, was.to_ip, 4);
    arp.from[0] = 2;
    return bpf_xdp_store_bytes(ctx, sizeof *eth, &arp, sizeof arp) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp") int xdp_bytes(struct xdp_md *ctx)
{
    struct ethhdr eth;
    struct icmp_echo icmp;
    __u8 tail[8];
    __u32 len = bpf_xdp_get_buff_len(ctx);
    if (bpf_xdp_load_bytes(ctx, 0, &eth, sizeof eth))
        return XDP_ABORTED;
    count(0, bpf_xdp_load_bytes(ctx, len - 8, tail, sizeof tail));
    count(1, bpf_xdp_load_bytes(ctx, len - 7, tail, sizeof tail));
    count(2, bpf_xdp_store_bytes(ctx, 0x10000, tail, sizeof tail));
    swap_macs(&eth);
    if (bpf_xdp_store_bytes(ctx, 0, &eth, sizeof eth))
        return XDP_ABORTED;
    if (eth.h_proto == bpf_htons(ETH_P_ARP))
        return answer_arp(ctx, &eth);
    __u8 first;
    if (bpf_xdp_load_bytes(ctx, sizeof eth, &first, 1) || first != 0x45)
        return XDP_PASS;
    if (bpf_xdp_load_bytes(ctx, sizeof eth + 20, &icmp, sizeof icmp) || icmp.type != 8)
        return XDP_PASS;
    icmp.type = 0;
    icmp.check = replace16(icmp.check, 8, 0);
    count(3, bpf_xdp_store_bytes(ctx, sizeof eth + 20, &icmp, sizeof icmp));
    return bpf_xdp_store_bytes(ctx, len - 4, tail, sizeof tail) ? XDP_TX : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
