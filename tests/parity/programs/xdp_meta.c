/* SPDX-License-Identifier: MIT */
/** Leaves metadata before the packet for whoever comes next: the next program of a tail call here,
 * behind a packet that begins somewhere else. */
#include "net.h"

struct found {
    __u32 type, vlan;
    __u32 len, more;
};

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
    __uint(max_entries, 2);
} next SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 8);
} results SEC(".maps");

static __always_inline void count(__u32 key, __u64 n)
{
    __u64 *c = bpf_map_lookup_elem(&results, &key);
    if (c)
        *c = *c * 3 + n;
}

SEC("xdp") int xdp_meta_next(struct xdp_md *ctx)
{
    struct found *found = (void *)(long)ctx->data_meta;
    void *data = (void *)(long)ctx->data;
    if ((void *)(found + 1) > data)
        return XDP_ABORTED;
    __u32 vlan = found->vlan;
    count(0, found->type);
    count(1, vlan);
    count(2, found->len + found->more);
    found->more = found->len;
    if (found->type == ETH_P_IP)
        count(3, bpf_xdp_adjust_meta(ctx, sizeof *found)); /* there is none then */
    return vlan ? XDP_PASS : XDP_TX;
}

SEC("xdp") int xdp_meta(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan = 0;
    int type = take_ethernet(&c, &vlan);
    __u32 len = ctx->data_end - ctx->data;
    count(4, bpf_xdp_adjust_meta(ctx, -(int)(len & 0xff))); /* any number, most of them wrong */
    count(5, bpf_xdp_adjust_meta(ctx, 300));
    count(6, ctx->data - ctx->data_meta);
    if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct found)))
        return XDP_DROP;
    struct found *found = (void *)(long)ctx->data_meta;
    if ((void *)(found + 1) > (void *)(long)ctx->data)
        return XDP_ABORTED;
    found->type = type;
    found->vlan = vlan;
    found->len = len;
    found->more = bpf_xdp_get_buff_len(ctx);
    if (vlan & 1)
        count(7, bpf_xdp_adjust_head(ctx, 4)); /* it goes along */
    if (vlan & 2)
        count(7, bpf_xdp_adjust_head(ctx, -200));
    bpf_tail_call(ctx, &next, vlan & 3);
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
