/* SPDX-License-Identifier: MIT */
/** What the programs share: headers of the kernel and of libbpf, a cursor through a packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_DEPTH   4
#define HEADER_DEPTH 6

struct vlan_tag {
    __be16 tci;
    __be16 proto;
};

struct icmp_echo {
    __u8 type, code;
    __sum16 check;
    __be16 id, sequence;
};

struct gre_header {
    __be16 flags;
    __be16 proto;
};

struct vxlan_header {
    __be32 flags;
    __be32 vni;
};

struct extension {
    __u8 next, length;
    __be16 more;
    __u32 rest;
};

struct cursor {
    void *at;
    void *end;
};

/** The next bytes of the packet; NULL if there are not that many. */
static __always_inline void *take(struct cursor *c, __u32 bytes)
{
    void *here = c->at;
    asm volatile("" : "+r"(here)); /* one register for check and access */
    __builtin_assume(here != NULL);
    if (here + bytes > c->end)
        return NULL;
    c->at = here + bytes;
    return here;
}

#define TAKE(cursor, type) ((type *)take(cursor, sizeof(type)))
#define CURSOR(ctx)                                                                                \
    {                                                                                              \
        (void *)(long)(ctx)->data, (void *)(long)(ctx)->data_end                                   \
    }

/** The type of what follows the Ethernet header and its tags; -1: the packet ends before. */
static __always_inline int take_ethernet(struct cursor *c, __u16 *vlan)
{
    struct ethhdr *eth = TAKE(c, struct ethhdr);
    if (!eth)
        return -1;
    __be16 proto = eth->h_proto;
#pragma unroll
    for (int i = 0; i < VLAN_DEPTH; i++) {
        if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
            break;
        struct vlan_tag *tag = TAKE(c, struct vlan_tag);
        if (!tag)
            return -1;
        if (i == 0)
            *vlan = bpf_ntohs(tag->tci) & 0xfff;
        proto = tag->proto;
    }
    return bpf_ntohs(proto);
}

/** An IPv4 header with its options; NULL unless all of it is there. */
static __always_inline struct iphdr *take_ip4(struct cursor *c)
{
    struct iphdr *ip = TAKE(c, struct iphdr);
    if (!ip || ip->version != 4 || ip->ihl < 5)
        return NULL;
    c->at = ip; /* a length without a subtraction: the kernel would lose its bounds */
    if (!take(c, ip->ihl * 4))
        return NULL;
    return ip;
}

/** Behind the extension headers of IPv6: the transport's protocol; -1: the packet ends before. */
static __always_inline int take_extensions(struct cursor *c, __u8 next, bool *fragment)
{
    int found = -1; /* one way out: clang -O1 leaves registers undefined otherwise */
    for (int i = 0; i < HEADER_DEPTH; i++) {
        if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
            next != IPPROTO_AH && next != IPPROTO_DSTOPTS) {
            found = next;
            break;
        }
        struct extension *e = TAKE(c, struct extension);
        if (!e)
            break;
        __u32 more = e->length * 8;
        if (next == IPPROTO_AH)
            more = e->length * 4;
        if (next == IPPROTO_FRAGMENT) {
            more = 0;
            if (e->more & bpf_htons(0xfff8))
                *fragment = true;
        }
        next = e->next;
        if (!take(c, more))
            break;
    }
    return found;
}

/** A sum of 16-bit words, folded and turned around (RFC 1071). */
static __always_inline __u16 fold(__u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

/** A checksum after a 16-bit word has changed (RFC 1624). */
static __always_inline __u16 replace16(__u16 check, __u16 from, __u16 to)
{
    return fold((__u64)(__u16)~check + (__u16)~from + to);
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
    __u8 kept[ETH_ALEN];
    __builtin_memcpy(kept, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, kept, ETH_ALEN);
}
