/* SPDX-License-Identifier: MIT */
/** Takes PPPoE off: the Ethernet header moves eight bytes towards the packet inside. */
#include "headers.h"

struct pppoe {
    __u8 version;
    __u8 code;
    __be16 session;
    __be16 bytes;
    __be16 proto;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, __u16);
    __type(value, __u64);
} sessions SEC(".maps");

SEC("xdp") int xdp_pppoe(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data, keep;
    struct pppoe *p = data + sizeof *eth;

    if ((void *)(p + 1) > end || eth->h_proto != bpf_htons(0x8864))
        return XDP_PASS;
    if (p->version != 0x11 || p->code != 0)
        return XDP_DROP;
    __u16 session = bpf_ntohs(p->session);
    __u64 *bytes = bpf_map_lookup_elem(&sessions, &session);
    if (!bytes)
        return XDP_DROP;
    *bytes += bpf_ntohs(p->bytes);
    __builtin_memcpy(&keep, eth, sizeof keep);
    switch (bpf_ntohs(p->proto)) {
    case 0x0021: keep.h_proto = bpf_htons(ETH_P_IP); break;
    case 0x0057: keep.h_proto = bpf_htons(ETH_P_IPV6); break;
    default: return XDP_PASS;
    }
    if (bpf_xdp_adjust_head(ctx, sizeof *p))
        return XDP_ABORTED;
    data = PACKET(ctx);
    end = PEND(ctx);
    if (data + sizeof keep > end)
        return XDP_ABORTED;
    __builtin_memcpy(data, &keep, sizeof keep);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
