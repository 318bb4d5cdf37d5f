/* SPDX-License-Identifier: MIT */
/*
 * Heavy hitters: which flows carry the most bytes, in memory that does not grow with their number.
 * Flows with at least const.threshold bytes are in the map `flows`. Everything passes.
 *
 * What it shows: a count-min sketch. Each flow has a counter in each of four rows, chosen by four
 * hashes; it shares them with others, so the least of the four is what it has carried, or a little
 * more, never less. A map of such large values, and loops over it, cost no more than arrays in C.
 *
 *     winnowctl run heavy.o -r sample.pcap --const threshold=1000 --dump-map flows
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>

#include <winnow/bpf.h>

#define ROWS    4
#define COLUMNS 1024 /* a power of two */

const volatile __u64 threshold = 1 << 20; /* bytes */

struct flow {
    __be32 from, to;
    __be16 from_port, to_port;
    __u32 protocol;
};

struct row {
    __u64 bytes[COLUMNS];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, ROWS);
    __type(key, __u32);
    __type(value, struct row);
} sketch SEC(".maps");

/* The few that are known by name. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, struct flow);
    __type(value, __u64); /* bytes, as the sketch says */
} flows SEC(".maps");

/* Murmur's mixing of one word; a row's number makes another function of it. */
static __always_inline __u32 mix(__u32 hash, __u32 word)
{
    word *= 0xcc9e2d51;
    word = word << 15 | word >> 17;
    hash ^= word * 0x1b873593;
    hash = hash << 13 | hash >> 19;
    return hash * 5 + 0xe6546b64;
}

static __always_inline __u32 hash_of(const struct flow *f, __u32 row)
{
    __u32 hash = mix(row * 0x9e3779b9, f->from);
    hash = mix(hash, f->to);
    hash = mix(hash, (__u32)f->from_port << 16 | f->to_port);
    hash = mix(hash, f->protocol);
    hash ^= hash >> 16;
    hash *= 0x85ebca6b;
    return hash ^ hash >> 13;
}

/* Counts, and returns what the flow has carried so far. */
static __always_inline __u64 add(const struct flow *f, __u64 bytes)
{
    __u64 least = ~0ull;
    for (__u32 row = 0; row < ROWS; row++) {
        __u32 key = row; /* a counter whose address is taken is no counter to the verifier */
        struct row *r = bpf_map_lookup_elem(&sketch, &key);
        if (!r)
            return 0;
        /* The mask is what keeps the index inside, and what the verifier sees. */
        __u64 *cell = &r->bytes[hash_of(f, row) & (COLUMNS - 1)];
        __u64 now = __sync_fetch_and_add(cell, bytes) + bytes;
        if (now < least)
            least = now;
    }
    return least;
}

SEC("xdp")
int heavy(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);
    struct flow f = {};

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl < 5)
        return XDP_PASS;
    f.from = ip->saddr;
    f.to = ip->daddr;
    f.protocol = ip->protocol;
    if ((ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP) &&
        !(ip->frag_off & bpf_htons(0x1fff))) {
        __be16 *ports = (void *)ip + ip->ihl * 4;
        if ((void *)(ports + 2) > end)
            return XDP_PASS;
        f.from_port = ports[0];
        f.to_port = ports[1];
    }

    __u64 bytes = add(&f, end - data);
    if (bytes >= threshold)
        bpf_map_update_elem(&flows, &f, &bytes, BPF_ANY);
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
