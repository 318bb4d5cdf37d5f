/* SPDX-License-Identifier: MIT */
/** Frames by outer and inner tag, counted; what has three tags or a forbidden customer is dropped.
 */
#include "headers.h"

struct tags {
    __u16 outer;
    __u16 inner;
};

struct count {
    __u64 frames;
    __u64 bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, struct tags);
    __type(value, struct count);
} customers SEC(".maps");

SEC("xdp") int xdp_qinq(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct vlan_hdr *tag = data + sizeof *eth;
    struct tags key = {0};

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    if (!is_tag(eth->h_proto))
        return XDP_PASS;
    if ((void *)(tag + 1) > end)
        return XDP_DROP;
    key.outer = bpf_ntohs(tag->tci) & 0xfff;
    if (is_tag(tag->proto)) {
        tag++;
        if ((void *)(tag + 1) > end)
            return XDP_DROP;
        key.inner = bpf_ntohs(tag->tci) & 0xfff;
        if (is_tag(tag->proto))
            return XDP_DROP;
    }

    struct count *c = bpf_map_lookup_elem(&customers, &key);
    if (!c) {
        struct count first = {1, end - data};
        bpf_map_update_elem(&customers, &key, &first, BPF_NOEXIST);
        return key.outer == 0xfff ? XDP_DROP : XDP_PASS;
    }
    __sync_fetch_and_add(&c->frames, 1);
    __sync_fetch_and_add(&c->bytes, end - data);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
