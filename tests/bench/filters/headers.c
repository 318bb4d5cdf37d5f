/* SPDX-License-Identifier: MIT */
#include "filter.h"

/* Nothing in a packet is aligned, so these promise nothing. */
struct ethernet {
    u8 to[6], from[6];
    u16 type;
} __attribute__((packed));

struct ipv4 {
    u8 version, service;
    u16 bytes, id, fragment;
    u8 ttl, protocol;
    u16 checksum;
    u32 from, to;
} __attribute__((packed));

struct tcp {
    u16 from, to;
    u32 seq, ack;
    u8 offset, flags;
    u16 window, checksum, urgent;
} __attribute__((packed));

/** SYNs that were not acknowledged, by fields of packed structures. */
FILTER(headers)(const u8 *p, u64 len, u64 wirelen);
FILTER(headers)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    const struct ethernet *eth = (const void *)p;
    const struct ipv4 *ip = (const void *)(eth + 1);
    if (len < sizeof *eth + sizeof *ip || eth->type != be16(0x0800) || ip->protocol != 6)
        return 0;
    u64 at = sizeof *eth + (ip->version & 15) * 4;
    if (len < at + sizeof(struct tcp) || be16(ip->fragment) & 0x1fff)
        return 0;
    const struct tcp *tcp = (const void *)(p + at);
    if (ip->from == ip->to || tcp->ack != 0 || !(tcp->flags & 2))
        return 0;
    return be16(tcp->to) < 1024 && be32(tcp->seq) >= be16(tcp->window);
}
