/* SPDX-License-Identifier: MIT */
/** A queue of the last packets' lengths, whose oldest has to go; and one that is emptied at times.
 */
#include "net.h"

struct seen {
    __u32 length;
    __u16 protocol, order;
    __u8 odd[3];
};

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __type(value, struct seen);
    __uint(max_entries, 7);
} last SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __type(value, __u64);
    __uint(max_entries, 5);
} waiting SEC(".maps");

static __u16 order;

SEC("socket") int sock_queue(struct __sk_buff *skb)
{
    struct seen s, oldest;
    __u64 sum = 0;
    __builtin_memset(&s, 0, sizeof s);
    s.length = skb->len;
    s.protocol = (__u16)skb->protocol;
    s.order = order++;
    s.odd[1] = skb->len & 7;
    long there = bpf_map_peek_elem(&last, &oldest);
    long pushed = bpf_map_push_elem(&last, &s, BPF_EXIST);
    __u64 length = skb->len;
    long waits = bpf_map_push_elem(&waiting, &length, skb->len & 1 ? BPF_ANY : BPF_NOEXIST);
    if (skb->len % 4 == 0)
        for (int i = 0; i < 6; i++) {
            __u64 value;
            if (bpf_map_pop_elem(&waiting, &value))
                sum += 1000000 + value; /* nothing is left: 0 */
            else
                sum = sum * 3 + value;
        }
    return (int)(oldest.length + oldest.order * 7u + (__u32)there + (__u32)pushed + (__u32)waits +
                 (__u32)sum);
}

char _license[] SEC("license") = "GPL";
