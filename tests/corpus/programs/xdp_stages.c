/* SPDX-License-Identifier: MIT */
/** A dispatcher: each protocol's program is called through a table, and one calls the next. */
#include "headers.h"

enum { STAGE_IP4, STAGE_IP6, STAGE_TCP, STAGE_UDP, STAGES = 8 };

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, STAGES);
    __type(key, __u32);
    __type(value, __u32);
} stages SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, STAGES);
    __type(key, __u32);
    __type(value, __u64);
} visits SEC(".maps");

static __always_inline void visit(__u32 stage)
{
    __u64 *n = bpf_map_lookup_elem(&visits, &stage);
    if (n)
        ++*n;
}

SEC("xdp") int xdp_stage_tcp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct tcphdr *tcp = data + sizeof(struct ethhdr) + sizeof(struct iphdr);
    visit(STAGE_TCP);
    if ((void *)(tcp + 1) > end)
        return XDP_DROP;
    return tcp->syn && tcp->fin ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int xdp_stage_ip4(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct iphdr *ip = data + sizeof(struct ethhdr);
    visit(STAGE_IP4);
    if ((void *)(ip + 1) > end || ip->ihl != 5)
        return XDP_DROP;
    if (ip->protocol == IPPROTO_TCP)
        bpf_tail_call(ctx, &stages, STAGE_TCP);
    else if (ip->protocol == IPPROTO_UDP)
        bpf_tail_call(ctx, &stages, STAGE_UDP);
    return XDP_PASS;
}

SEC("xdp") int xdp_stages(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    __u32 next = eth->h_proto == bpf_htons(ETH_P_IP)     ? STAGE_IP4
                 : eth->h_proto == bpf_htons(ETH_P_IPV6) ? STAGE_IP6
                                                         : STAGES;
    bpf_tail_call(ctx, &stages, next);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
