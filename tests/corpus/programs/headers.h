/* SPDX-License-Identifier: MIT */
/** What programs for the kernel share: its headers, headers that it does not export, checksums. */
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

struct vlan_hdr {
    __be16 tci;
    __be16 proto;
};

struct icmp_hdr {
    __u8 type;
    __u8 code;
    __sum16 check;
    __be32 rest;
};

struct port_pair {
    __be16 source;
    __be16 dest;
};

#define IP_MORE    0x2000
#define IP_OFFSET  0x1fff
#define PACKET(md) (void *)(long)(md)->data
#define PEND(md)   (void *)(long)(md)->data_end

static __always_inline bool is_tag(__be16 proto)
{
    return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

/** The sum of 16-bit words as it stands in headers. */
static __always_inline __u16 csum_close(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

/** A header's sum after one of its words became another. */
static __always_inline void csum_word(__sum16 *check, __u16 was, __u16 is)
{
    __u32 sum = (__u16) ~*check + (__u16)~was + is;
    *check = csum_close(sum);
}

static __always_inline void csum_long(__sum16 *check, __u32 was, __u32 is)
{
    csum_word(check, was & 0xffff, is & 0xffff);
    csum_word(check, was >> 16, is >> 16);
}

static __always_inline __u32 rotate(__u32 x, unsigned by)
{
    return x << by | x >> (32 - by);
}
