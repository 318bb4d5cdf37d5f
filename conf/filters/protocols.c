/* SPDX-License-Identifier: MIT */
/*
 * What is on the wire: packets and bytes of each Ethernet type, and of each IP protocol. Everything
 * passes.
 *
 * What it shows: maps that are kept once for each CPU, so that counting needs no atomic
 * instruction; who reads them adds up. An array for what is small numbers, a hash for what is not.
 *
 *     winnowctl run protocols.o -r sample.pcap --dump-map by_type --dump-map by_protocol
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <winnow/bpf.h>

struct counter {
    __u64 packets, bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u16); /* Ethernet type, in the machine's byte order */
    __type(value, struct counter);
} by_type SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 256);
    __type(key, __u32); /* IP protocol */
    __type(value, struct counter);
} by_protocol SEC(".maps");

static __always_inline void count_type(__u16 type, __u64 bytes)
{
    struct counter *c = bpf_map_lookup_elem(&by_type, &type);
    if (c) {
        c->packets++;
        c->bytes += bytes;
    } else {
        /* Another packet on this CPU cannot come between: there is nothing to lose. */
        struct counter first = {1, bytes};
        bpf_map_update_elem(&by_type, &type, &first, BPF_NOEXIST);
    }
}

static __always_inline void count_protocol(__u8 protocol, __u64 bytes)
{
    __u32 key = protocol;
    struct counter *c = bpf_map_lookup_elem(&by_protocol, &key);
    if (c) { /* always: the array has all of them, but only we know */
        c->packets++;
        c->bytes += bytes;
    }
}

SEC("xdp")
int protocols(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    __u64 bytes = end - data;

    if ((void *)(eth + 1) > end)
        return XDP_PASS;
    count_type(bpf_ntohs(eth->h_proto), bytes);
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) <= end)
            count_protocol(ip->protocol, bytes);
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) <= end)
            count_protocol(ip->nexthdr, bytes);
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
