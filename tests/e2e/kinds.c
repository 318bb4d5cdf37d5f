/* SPDX-License-Identifier: MIT */
/* Maps without keys, and a trie: what test_filters.py fills and dumps. */
#include <winnow/bpf.h>

struct address {
    __u32 bits;
    __u8 bytes[4];
};

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __type(key, struct address);
    __type(value, __u64);
    __uint(max_entries, 10);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} blocked SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __type(value, __u32);
    __uint(max_entries, 4);
} last SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_STACK);
    __type(value, __u32);
    __uint(max_entries, 1000);
} lengths SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __type(value, __u32);
    __uint(max_entries, 1000);
    __uint(map_extra, 3);
} known SEC(".maps");

/* Drops what comes from a blocked prefix, and what the filter knows the length of. */
SEC("xdp")
int kinds(struct xdp_md *ctx)
{
    __u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
    __u32 length = ctx->data_end - ctx->data;
    bpf_map_push_elem(&last, &length, BPF_EXIST);
    bpf_map_push_elem(&lengths, &length, BPF_ANY);
    if (bpf_map_peek_elem(&known, &length) == 0)
        return XDP_DROP;
    if (data + 34 > end || data[12] != 8 || data[13] != 0)
        return XDP_PASS;
    struct address key = {32, {data[26], data[27], data[28], data[29]}};
    __u64 *count = bpf_map_lookup_elem(&blocked, &key);
    if (!count)
        return XDP_PASS;
    *count += 1;
    return XDP_DROP;
}

/* Leaves everything as it is. */
SEC("xdp/leave")
int leave(struct xdp_md *ctx)
{
    __u32 value = 0;
    __u32 key[2] = {0, 0};
    bpf_map_peek_elem(&last, &value);
    bpf_map_peek_elem(&lengths, &value);
    bpf_map_peek_elem(&known, &value);
    return bpf_map_lookup_elem(&blocked, key) ? XDP_PASS : XDP_DROP;
}
