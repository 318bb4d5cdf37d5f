/* SPDX-License-Identifier: MIT */
/*
 * A blocklist of networks: packets from them are dropped, and counted for each network.
 *
 * What it shows: longest-prefix tries, which find the most specific network that an address is in,
 * and a map that is filled from outside. Networks come from a file,
 *
 *     {"entries": [{"key": "192.0.2.0/24", "value": {}}, {"key": "198.51.100.7/32", "value": {}}]}
 *
 *     [filter blocklist]
 *     program = /usr/share/winnow/filters/blocklist.o
 *     map.blocked4.file = /etc/winnowd/blocked4.json
 *     map.blocked4.max_entries = 100000
 *
 * or are set while it runs, between two packets:
 *
 *     winnowctl map set blocklist blocked4 203.0.113.0/24 '{}'
 *     winnowctl map dump blocklist blocked4
 *
 * A network inside a blocked one is let through if its entry says so: {"exempt": 1}.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <winnow/bpf.h>

/* The key of a trie is the number of bits that count, then the bytes from the first one on:
 * addresses stay as they are in the packet. */
struct network4 {
    __u32 bits;
    __be32 address;
};

struct network6 {
    __u32 bits;
    __u8 address[16];
};

struct verdict {
    __u64 packets, bytes;
    __u32 exempt; /* not 0: let them through */
    __u32 unused;
};

/* Tries take their memory entry by entry, and the kernel wants that said. */
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 10000);
    __type(key, struct network4);
    __type(value, struct verdict);
} blocked4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 10000);
    __type(key, struct network6);
    __type(value, struct verdict);
} blocked6 SEC(".maps");

/* Other CPUs count in the same entry: additions have to be atomic. */
static __always_inline int judge(struct verdict *v, __u64 bytes)
{
    if (!v)
        return XDP_PASS;
    __sync_fetch_and_add(&v->packets, 1);
    __sync_fetch_and_add(&v->bytes, bytes);
    return v->exempt ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int blocklist(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    __u64 bytes = end - data;

    if ((void *)(eth + 1) > end)
        return XDP_PASS;
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        /* Asked for with all its bits; the trie answers with the longest prefix it has. */
        struct network4 key = {.bits = 32, .address = ip->saddr};
        return judge(bpf_map_lookup_elem(&blocked4, &key), bytes);
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end)
            return XDP_PASS;
        struct network6 key = {.bits = 128};
        __builtin_memcpy(key.address, &ip->saddr, sizeof key.address);
        return judge(bpf_map_lookup_elem(&blocked6, &key), bytes);
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
