/* SPDX-License-Identifier: MIT */
/** Has this source been here before? Three bits in 32,768, forgotten by halves. */
#include "headers.h"

#define BITS 32768

struct filter {
    __u64 words[BITS / 64];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, struct filter);
} filters SEC(".maps");

const volatile __u64 period = 1000000000;
__u64 first_seen;

static __always_inline __u32 mix(__u32 x, __u32 seed)
{
    x = (x ^ seed) * 0xcc9e2d51;
    x = rotate(x, 15) * 0x1b873593;
    return x ^ x >> 16;
}

static __always_inline bool test_and_set(struct filter *f, __u32 x)
{
    bool all = true;
    for (__u32 i = 0; i < 3; i++) {
        __u32 bit = mix(x, i * 0x9e3779b9) % BITS;
        __u64 mask = 1ull << (bit & 63);
        if (!(f->words[bit / 64] & mask)) {
            f->words[bit / 64] |= mask;
            all = false;
        }
    }
    return all;
}

SEC("xdp") int xdp_bloom(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    __u32 which = period ? bpf_ktime_get_ns() / period & 1 : 0;
    struct filter *f = bpf_map_lookup_elem(&filters, &which);
    if (!f)
        return XDP_ABORTED;
    if (!test_and_set(f, ip->saddr))
        first_seen++;
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
