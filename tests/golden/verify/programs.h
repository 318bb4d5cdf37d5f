/* SPDX-License-Identifier: MIT */
/* What the programs here have in common: as the kernel's headers write it. */
#pragma once
#include <winnow/bpf.h>

#define MAP(name, kind, entries, of_key, of_value)                                                 \
    struct {                                                                                       \
        __uint(type, kind);                                                                        \
        __uint(max_entries, entries);                                                              \
        __type(key, of_key);                                                                       \
        __type(value, of_value);                                                                   \
    } name SEC(".maps")

enum { TC_ACT_OK = 0, TC_ACT_SHOT = 2 };

struct ethhdr {
    __u8 h_dest[6], h_source[6];
    __be16 h_proto;
} __attribute__((packed));

struct iphdr {
    __u8 version_ihl, tos;
    __be16 tot_len, id, frag_off;
    __u8 ttl, protocol;
    __u16 check;
    __be32 saddr, daddr;
} __attribute__((packed));

struct tcphdr {
    __be16 source, dest;
    __be32 seq, ack_seq;
} __attribute__((packed));
