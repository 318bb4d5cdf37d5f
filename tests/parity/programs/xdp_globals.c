/* SPDX-License-Identifier: MIT */
/** Variables: counted in .bss, changed in .data, configured by constants in .rodata. */
#include "net.h"

const volatile __u32 sample_every = 5;
const volatile __u16 wanted_types[4] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, 0};

struct {
    __u64 packets;
    __u64 bytes;
    __u32 sizes[16];
    __u32 sampled;
    __u8 last[16];
} total;

struct {
    __u32 until_next;
    __u32 longest;
    __s64 balance;
} going = {.until_next = 3, .longest = 60, .balance = -1000};

static __always_inline __u32 log2_of(__u32 x)
{
    __u32 r = 0;
#pragma unroll
    for (__u32 shift = 8; shift; shift >>= 1)
        if (x >> shift) {
            x >>= shift;
            r += shift;
        }
    return r;
}

__attribute__((noinline)) int wanted(__u32 type)
{
    for (int i = 0; i < 4; i++)
        if (wanted_types[i] == (__u16)type)
            return 1;
    return 0;
}

SEC("xdp") int xdp_globals(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 bytes = c.end - c.at;
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return XDP_ABORTED;
    total.packets++;
    total.bytes += bytes;
    total.sizes[log2_of(bytes) & 15]++;
    if (bytes > going.longest)
        going.longest = bytes;
    going.balance += (__s64)bytes - 100;
    if (!wanted(bpf_ntohs(eth->h_proto)))
        return XDP_DROP;
    if (--going.until_next)
        return XDP_PASS;
    going.until_next = sample_every;
    total.sampled++;
    __builtin_memcpy(total.last, eth, sizeof *eth);
    return going.balance < 0 ? XDP_TX : XDP_REDIRECT;
}

char _license[] SEC("license") = "GPL";
