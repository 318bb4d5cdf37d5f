/* SPDX-License-Identifier: MIT */
/*
 * A dispatcher: one program looks at the Ethernet type and goes on with another one for it, which
 * may be replaced while all the others run. ARP, IPv4 and IPv6 have one; what else comes is
 * dropped.
 *
 * What it shows: tail calls. A program that has been tail-called never comes back; if there is none
 * at the index, the call does nothing, and the program goes on behind it. What programs want to
 * tell each other goes through a map.
 *
 *     winnowctl run dispatch.o --section dispatch -r sample.pcap --dump-map seen
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <winnow/bpf.h>

enum kind { ARP, IPV4, IPV6, KINDS, NOTHING = KINDS };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, KINDS + 1);
    __type(key, __u32);
    __type(value, __u64); /* packets */
} seen SEC(".maps");

static __always_inline void count(__u32 kind)
{
    __u64 *n = bpf_map_lookup_elem(&seen, &kind);
    if (n)
        __sync_fetch_and_add(n, 1);
}

/* All programs of an array are of one type, which is the section's. */
SEC("xdp")
int on_arp(struct xdp_md *ctx)
{
    count(ARP);
    return XDP_PASS;
}

/* Each looks at the packet anew: what the dispatcher knew of it, it does not. */
SEC("xdp")
int on_ipv4(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct iphdr *ip = data + sizeof(struct ethhdr);
    count(IPV4);
    if ((void *)(ip + 1) > end)
        return XDP_DROP;
    return ip->ttl > 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int on_ipv6(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ipv6hdr *ip = data + sizeof(struct ethhdr);
    count(IPV6);
    if ((void *)(ip + 1) > end)
        return XDP_DROP;
    return ip->hop_limit > 1 ? XDP_PASS : XDP_DROP;
}

/* Filled by whoever loads the object. */
struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, KINDS);
    __type(key, __u32);
    __array(values, int(void *));
} programs SEC(".maps") = {
    .values =
        {
            [ARP] = (void *)&on_arp,
            [IPV4] = (void *)&on_ipv4,
            [IPV6] = (void *)&on_ipv6,
        },
};

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;

    if ((void *)(eth + 1) > end)
        return XDP_DROP;
    switch (eth->h_proto) {
    case bpf_htons(ETH_P_ARP): bpf_tail_call(ctx, &programs, ARP); break;
    case bpf_htons(ETH_P_IP): bpf_tail_call(ctx, &programs, IPV4); break;
    case bpf_htons(ETH_P_IPV6): bpf_tail_call(ctx, &programs, IPV6); break;
    }
    count(NOTHING);
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
