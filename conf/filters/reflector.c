/* SPDX-License-Identifier: MIT */
/*
 * A reflector: ICMP echo requests and UDP to const.port go back to where they came from, addresses
 * and ports exchanged, hop count set anew and checksums put right. Everything else passes.
 *
 * What it shows: writing to the packet, and checksums that are changed by what changes, instead of
 * being computed again. Addresses and ports that change places leave a checksum as it is: it is a
 * sum.
 *
 *     winnowctl run reflector.o -r sample.pcap -w reflected.pcapng
 *
 * winnowd writes packets as they were captured; in the kernel (native XDP) they really go back.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <winnow/bpf.h>

#define HOPS 64

/* <linux/icmp.h> wants half of the C library. */
enum { ECHO_REPLY = 0, ECHO_REQUEST = 8 };

struct icmp {
    __u8 type, code;
    __sum16 check;
};

const volatile __u16 port = 7; /* echo */

/* The checksum after 16 bits of what it sums have become others (RFC 1624): ~(~sum + ~before +
 * after). */
static __always_inline __sum16 replaced(__sum16 sum, __be16 before, __be16 after)
{
    __u32 s = (__u16)~sum + (__u32)(__u16)~before + after;
    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    return (__sum16)~s;
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
    __u8 kept[ETH_ALEN];
    __builtin_memcpy(kept, eth->h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(eth->h_dest, kept, ETH_ALEN);
}

static __always_inline void send_back(struct ethhdr *eth, struct iphdr *ip)
{
    /* The hop count shares its 16 bits of the sum with the protocol. */
    __be16 before = bpf_htons(ip->ttl << 8 | ip->protocol);
    __be16 after = bpf_htons(HOPS << 8 | ip->protocol);
    __be32 kept = ip->saddr;
    ip->saddr = ip->daddr;
    ip->daddr = kept;
    ip->ttl = HOPS;
    ip->check = replaced(ip->check, before, after);
    swap_macs(eth);
}

SEC("xdp")
int reflector(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = (void *)(eth + 1);

    /* Plain headers only: whoever sends options or fragments wants something else. */
    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
        (ip->frag_off & bpf_htons(0x3fff)))
        return XDP_PASS;
    if (ip->protocol == IPPROTO_ICMP) {
        struct icmp *icmp = (void *)(ip + 1);
        if ((void *)(icmp + 1) > end || icmp->type != ECHO_REQUEST || icmp->code != 0)
            return XDP_PASS;
        icmp->type = ECHO_REPLY;
        icmp->check =
            replaced(icmp->check, bpf_htons(ECHO_REQUEST << 8), bpf_htons(ECHO_REPLY << 8));
    } else if (ip->protocol == IPPROTO_UDP) {
        struct udphdr *udp = (void *)(ip + 1);
        if ((void *)(udp + 1) > end || udp->dest != bpf_htons(port))
            return XDP_PASS;
        udp->dest = udp->source;
        udp->source = bpf_htons(port);
    } else {
        return XDP_PASS;
    }
    send_back(eth, ip);
    return XDP_TX;
}

char _license[] SEC("license") = "GPL";
