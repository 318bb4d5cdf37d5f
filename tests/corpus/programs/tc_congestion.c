/* SPDX-License-Identifier: MIT */
/** Sets "congestion experienced" with a probability that follows the rate, as a queue would. */
#include "headers.h"

struct state {
    __u64 window;
    __u32 bytes;
    __u32 probability;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct state);
} states SEC(".maps");

const volatile __u32 limit = 100000;

static __noinline bool set_ce(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return false;
    __u8 ecn = ip->tos & 3;
    if (ecn == 0)
        return false;
    if (ecn != 3) {
        csum_word(&ip->check, bpf_htons(ip->tos), bpf_htons(ip->tos | 3));
        ip->tos |= 3;
    }
    return true;
}

SEC("tc") int tc_congestion(struct __sk_buff *skb)
{
    __u32 key = 0;
    struct state *s = bpf_map_lookup_elem(&states, &key);
    if (!s)
        return TC_ACT_OK;
    __u64 window = bpf_ktime_get_ns() >> 27;
    if (s->window != window) {
        if (s->bytes > limit)
            s->probability = s->probability < 0xe0000000 ? s->probability + 0x10000000 : 0xf0000000;
        else
            s->probability >>= 1;
        s->bytes = 0;
        s->window = window;
    }
    s->bytes += skb->len;
    if (bpf_get_prandom_u32() >= s->probability)
        return TC_ACT_OK;
    return set_ce(skb) ? TC_ACT_OK : TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
