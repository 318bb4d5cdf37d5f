/* SPDX-License-Identifier: MIT */
/** Answers ARP requests for the addresses in a table, in place. */
#include "headers.h"

struct arp_ip4 {
    __be16 hardware;
    __be16 protocol;
    __u8 hardware_bytes;
    __u8 protocol_bytes;
    __be16 operation;
    __u8 sender[ETH_ALEN];
    __u8 sender_ip[4];
    __u8 target[ETH_ALEN];
    __u8 target_ip[4];
} __attribute__((packed));

struct mac {
    __u8 bytes[ETH_ALEN];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 128);
    __type(key, __u32);
    __type(value, struct mac);
} answers SEC(".maps");

SEC("xdp") int xdp_arp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct arp_ip4 *arp = data + sizeof *eth;
    __u32 asked;

    if ((void *)(arp + 1) > end || eth->h_proto != bpf_htons(ETH_P_ARP))
        return XDP_PASS;
    if (arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(ETH_P_IP) ||
        arp->hardware_bytes != ETH_ALEN || arp->protocol_bytes != 4 ||
        arp->operation != bpf_htons(1))
        return XDP_PASS;
    __builtin_memcpy(&asked, arp->target_ip, 4);
    struct mac *mac = bpf_map_lookup_elem(&answers, &asked);
    if (!mac)
        return XDP_PASS;
    arp->operation = bpf_htons(2);
    __builtin_memcpy(arp->target, arp->sender, ETH_ALEN);
    __builtin_memcpy(arp->target_ip, arp->sender_ip, 4);
    __builtin_memcpy(arp->sender, mac->bytes, ETH_ALEN);
    __builtin_memcpy(arp->sender_ip, &asked, 4);
    __builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, mac->bytes, ETH_ALEN);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
