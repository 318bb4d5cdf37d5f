/* SPDX-License-Identifier: MIT */
/** Each flow gets a time to leave: so many bytes a second, and at most so far ahead. */
#include "headers.h"

#define SECOND 1000000000ull

struct pace {
    __u64 rate;
    __u64 next;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, struct pace);
} paces SEC(".maps");

const volatile __u64 horizon = 2 * SECOND;

SEC("tc") int tc_pacing(struct __sk_buff *skb)
{
    __u32 class = skb->mark;
    struct pace *p = bpf_map_lookup_elem(&paces, &class);
    if (!p)
        return TC_ACT_OK;
    __u64 rate = p->rate, now = skb->tstamp, t = bpf_ktime_get_ns();
    if (rate == 0)
        return TC_ACT_SHOT;
    if (now < t)
        now = t;
    __u64 next = p->next, delay = (__u64)skb->len * SECOND / rate;
    if (next <= now) {
        p->next = now + delay;
        skb->tstamp = now;
        return TC_ACT_OK;
    }
    if (next - now > horizon)
        return TC_ACT_SHOT;
    p->next = next + delay;
    skb->tstamp = next;
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
