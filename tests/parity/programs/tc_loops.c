/* SPDX-License-Identifier: MIT */
/** Sums a packet's bytes with bpf_loop(), from its end, its beginning and by steps, and remembers
 * in a map. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, __u64);
} sums SEC(".maps");

struct walk {
    struct __sk_buff *skb;
    __u64 sum;
    __u32 at;
    __u32 step;
};

static long load_byte(__u32 i, void *arg)
{
    struct walk *w = arg;
    __u8 byte = 0;
    if (bpf_skb_load_bytes(w->skb, w->at, &byte, 1))
        return 1;
    w->sum = w->sum * 3 + byte;
    w->at += w->step;
    return 0;
}

static long read_byte(__u32 i, void *arg)
{
    struct __sk_buff *skb = ((struct walk *)arg)->skb;
    __u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    __u32 key = i & 7;
    __u64 *sum = bpf_map_lookup_elem(&sums, &key);
    if (i >= 64 || data + i + 1 > end || !sum)
        return 1;
    *sum += data[i];
    return 0;
}

SEC("tc") int tc_loops(struct __sk_buff *skb)
{
    struct walk all = {skb, 0, 0, 1}, odd = {skb, 0, 1, 2};
    long n = bpf_loop(48, load_byte, &all, 0), m = bpf_loop(skb->len & 31, load_byte, &odd, 0);
    long read = bpf_loop(1000, read_byte, &all, 0);
    skb->mark = (__u32)(all.sum ^ odd.sum);
    return (n ^ m << 8 ^ read << 16) & 0x7fffffff;
}

char _license[] SEC("license") = "GPL";
