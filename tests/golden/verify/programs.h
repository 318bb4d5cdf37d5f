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

/* The header's structures are the kernel's. */
#define AT(field, offset)                                                                          \
    _Static_assert(__builtin_offsetof(struct __sk_buff, field) == (offset), #field)
AT(data_end, 80);
AT(data_meta, 140);
AT(tstamp, 152);
AT(wire_len, 160);
AT(sk, 168);
AT(tstamp_type, 180);
AT(hwtstamp, 184);
_Static_assert(sizeof(struct __sk_buff) == 192, "struct __sk_buff");
_Static_assert(sizeof(struct bpf_fib_lookup) == 64, "struct bpf_fib_lookup");
_Static_assert(sizeof(struct bpf_redir_neigh) == 20, "struct bpf_redir_neigh");

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
