/* SPDX-License-Identifier: MIT */
/** How much of each packet is worth keeping: a table of lengths, fewer bytes for bigger flows. */
#include "headers.h"

#define HEADERS 54

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 256);
    __type(key, __u32);
    __type(value, __u32);
} lengths SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u64);
    __type(value, __u64);
} flows SEC(".maps");

SEC("socket") int sock_snap(struct __sk_buff *skb)
{
    __u8 head[40];
    __u32 proto, *keep;
    __u64 flow, total = skb->len, *bytes;

    if (bpf_skb_load_bytes(skb, 0, head, sizeof head))
        return skb->len;
    if (head[12] != 8 || head[13] != 0)
        return HEADERS;
    proto = head[23];
    keep = bpf_map_lookup_elem(&lengths, &proto);
    if (!keep || *keep == 0)
        return HEADERS;
    __builtin_memcpy(&flow, head + 26, sizeof flow);
    bytes = bpf_map_lookup_elem(&flows, &flow);
    if (bytes) {
        *bytes += skb->len;
        total = *bytes;
    } else {
        bpf_map_update_elem(&flows, &flow, &total, BPF_ANY);
    }
    __u32 most = *keep;
    if (total > 1000000)
        most /= 4;
    return most < HEADERS ? HEADERS : most;
}

char _license[] SEC("license") = "GPL";
