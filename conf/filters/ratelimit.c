/* SPDX-License-Identifier: MIT */
/*
 * A rate limiter: each source address may send `rate` packets a second, and `burst` at once.
 *
 * What it shows: an LRU map that hostile senders cannot fill, constants that are set from outside,
 * and time. In winnowd the clock is that of the packets, so a file gives the same verdicts whenever
 * it is read.
 *
 *     winnowd -r sample.pcap -F ratelimit.o --const rate=100 --const burst=20 --stats
 *
 * ratelimit.o beside this file was made from it by ./make; it runs in the kernel as well:
 *
 *     ip link set dev eth0 xdp object ratelimit.o section xdp
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <winnow/bpf.h>

#define SECOND_NS 1000000000ull

/* Set before the program is verified (const.rate in winnowd.conf), so nobody pays for looking them
 * up, and code that they make impossible disappears. */
const volatile __u32 rate = 1000; /* packets a second; not 0 */
const volatile __u32 burst = 200; /* packets that may come at once */

/* An address of either family: IPv4 as ::ffff:192.0.2.1. */
struct source {
    __u32 word[4];
};

/* Time is the currency: a packet costs 1/rate seconds, and waiting earns what it takes. */
struct bucket {
    __u64 last_ns;   /* when it was looked at */
    __u64 credit_ns; /* never more than `burst` packets cost */
    __u64 passed, dropped;
};

/* Of an LRU map the sources that have been silent longest give way. A plain hash would be full
 * after so many forged addresses, and then let everybody through or nobody. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct source);
    __type(value, struct bucket);
} buckets SEC(".maps");

/* Two CPUs may spend the same credit at the same moment: who cannot have that takes a bpf_spin_lock
 * into the structure, or a map for each CPU. */
static __always_inline int spend(struct bucket *b, __u64 now)
{
    const __u64 cost = SECOND_NS / rate, most = cost * burst;
    __u64 credit = b->credit_ns + (now - b->last_ns);
    if (now < b->last_ns) /* clocks of CPUs differ a little */
        credit = b->credit_ns;
    if (credit > most)
        credit = most;
    b->last_ns = now;
    if (credit < cost) {
        b->credit_ns = credit;
        b->dropped++;
        return XDP_DROP;
    }
    b->credit_ns = credit - cost;
    b->passed++;
    return XDP_PASS;
}

SEC("xdp")
int ratelimit(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct source from = {};

    if ((void *)(eth + 1) > end)
        return XDP_PASS;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        from.word[2] = bpf_htonl(0xffff);
        from.word[3] = ip->saddr;
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        __builtin_memcpy(&from, &ip->saddr, sizeof from);
    } else {
        return XDP_PASS;
    }

    __u64 now = bpf_ktime_get_ns();
    struct bucket *b = bpf_map_lookup_elem(&buckets, &from);
    if (b)
        return spend(b, now);

    /* A new source begins with all its credit, less this packet. */
    struct bucket first = {.last_ns = now, .passed = 1};
    first.credit_ns = burst ? SECOND_NS / rate * (burst - 1) : 0;
    bpf_map_update_elem(&buckets, &from, &first, BPF_ANY);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
