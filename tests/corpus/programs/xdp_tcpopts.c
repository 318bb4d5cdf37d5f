/* SPDX-License-Identifier: MIT */
/** Reads the options of SYNs one by one and keeps what they announce for each peer. */
#include "headers.h"

struct syn_info {
    __u16 mss;
    __u8 scale;
    __u8 flags;
    __u32 stamp;
};

enum { HAS_MSS = 1, HAS_SCALE = 2, HAS_SACK = 4, HAS_STAMP = 8 };

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, __be32);
    __type(value, struct syn_info);
} peers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct syn_info);
} scratch SEC(".maps");

/** Read the option at an offset of the packet; returns its length, 0 at the end. Global: verified
 * once, whatever the loop around it does. */
__noinline int take_option(struct xdp_md *ctx, __u32 at)
{
    void *end = PEND(ctx);
    __u8 *opt = PACKET(ctx) + (at & 127);
    __u32 zero = 0;
    struct syn_info *info = bpf_map_lookup_elem(&scratch, &zero);

    if (!info || (void *)(opt + 2) > end || opt[0] == 0)
        return 0;
    if (opt[0] == 1)
        return 1;
    if (opt[0] == 4)
        info->flags |= HAS_SACK;
    if (opt[0] == 2 && (void *)(opt + 4) <= end) {
        info->mss = opt[2] << 8 | opt[3];
        info->flags |= HAS_MSS;
    }
    if (opt[0] == 3 && (void *)(opt + 3) <= end) {
        info->scale = opt[2];
        info->flags |= HAS_SCALE;
    }
    if (opt[0] == 8 && (void *)(opt + 6) <= end) {
        info->stamp = opt[2] << 24 | opt[3] << 16 | opt[4] << 8 | opt[5];
        info->flags |= HAS_STAMP;
    }
    return opt[1] < 2 ? 0 : opt[1];
}

SEC("xdp") int xdp_tcpopts(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    __u32 zero = 0;
    struct syn_info *info = bpf_map_lookup_elem(&scratch, &zero);

    if (!info || (void *)(ip + 1) > end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP || ip->ihl != 5)
        return XDP_PASS;
    struct tcphdr *tcp = (void *)(ip + 1);
    if ((void *)(tcp + 1) > end || tcp->doff < 5)
        return XDP_DROP;
    if (!tcp->syn || tcp->ack)
        return XDP_PASS;

    __u32 at = (void *)(tcp + 1) - data, stop = at + tcp->doff * 4 - sizeof *tcp;
    __be32 peer = ip->saddr;
    info->flags = 0;
    for (int i = 0; i < 20 && at < stop; i++) {
        int bytes = take_option(ctx, at);
        if (bytes <= 0)
            break;
        at += bytes;
    }
    if (info->flags & HAS_MSS && info->mss < 88)
        return XDP_DROP;
    bpf_map_update_elem(&peers, &peer, info, BPF_ANY);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
