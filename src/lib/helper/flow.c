/* SPDX-License-Identifier: MIT */
/** What packets of one conversation have in common. */
#include <string.h>

#include "context/skb.h"
#include "helper/packet.h"

enum { MOST_TAGS = 8, MOST_EXTENSIONS = 8 };
enum { HOPOPTS = 0, TCP = 6, DCCP = 33, UDP = 17, ROUTING = 43, FRAGMENT = 44, AH = 51 };
enum { DSTOPTS = 60, SCTP = 132, UDPLITE = 136 };

/** Both ends: an address and a port each; what is not known is 0. */
struct flow {
    uint8_t ends[2][18];
    uint8_t bytes; /* of an address */
    uint8_t protocol;
    uint16_t type, tags[2]; /* as in the packet */
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *p, size_t n)
{
    while (n--)
        hash = mix(hash, *p++);
    return hash;
}

static bool has_ports(uint8_t protocol)
{
    return protocol == TCP || protocol == UDP || protocol == DCCP || protocol == SCTP ||
           protocol == UDPLITE;
}

static void take_ports(const struct wn_run *run, uint64_t at, struct flow *f)
{
    const uint8_t *p = has_ports(f->protocol) ? wn_packet_bytes(run, at, 4) : NULL;
    for (unsigned i = 0; p && i < 2; i++)
        memcpy(f->ends[i] + 16, p + 2 * i, 2);
}

static void take_ip4(const struct wn_run *run, uint64_t at, struct flow *f)
{
    const uint8_t *ip = wn_packet_bytes(run, at, WN_IP4);
    if (!ip || ip[0] < 0x45 || ip[0] > 0x4f)
        return;
    f->protocol = ip[9];
    f->bytes = 4;
    memcpy(f->ends[0], ip + 12, 4);
    memcpy(f->ends[1], ip + 16, 4);
    bool fragment = (ip[6] & 0x3f) || ip[7]; /* the later ones have no ports, so none counts */
    if (!fragment)
        take_ports(run, at + (ip[0] & 15u) * 4u, f);
}

static void take_ip6(const struct wn_run *run, uint64_t at, struct flow *f)
{
    const uint8_t *ip = wn_packet_bytes(run, at, WN_IP6), *e;
    if (!ip || ip[0] >> 4 != 6)
        return;
    f->protocol = ip[6];
    f->bytes = 16;
    memcpy(f->ends[0], ip + 8, 16);
    memcpy(f->ends[1], ip + 24, 16);
    at += WN_IP6;
    for (unsigned i = 0; i < MOST_EXTENSIONS; i++) {
        uint8_t kind = f->protocol;
        bool extension = kind == HOPOPTS || kind == ROUTING || kind == DSTOPTS || kind == AH;
        if (!extension && kind != FRAGMENT)
            break;
        e = wn_packet_bytes(run, at, 8);
        if (!e)
            return;
        f->protocol = e[0];
        if (kind == FRAGMENT)
            return;
        at += kind == AH ? (e[1] + 2u) * 4u : (e[1] + 1u) * 8u;
    }
    take_ports(run, at, f);
}

uint32_t wn_flow_hash(const struct wn_run *run)
{
    const struct wn_skb *skb = &run->skb;
    struct flow f = {.type = skb->protocol};
    int32_t offset = wn_skb_offset(skb, skb->network);
    uint64_t at = offset > 0 ? (uint32_t)offset : 0, hash;
    const uint8_t *tag;
    f.tags[0] = skb->vlan_tci & 0xfff;
    for (unsigned i = 0; i < MOST_TAGS && wn_is_vlan(f.type); i++, at += WN_VLAN) {
        tag = wn_packet_bytes(run, at, WN_VLAN);
        if (!tag)
            break;
        f.tags[i > 0 || f.tags[0]] = (uint16_t)((tag[0] & 15) << 8 | tag[1]);
        f.type = wn_packet_16(tag + 2);
    }
    if (f.type == WN_ETH_IP4)
        take_ip4(run, at, &f);
    else if (f.type == WN_ETH_IP6)
        take_ip6(run, at, &f);
    unsigned first = memcmp(f.ends[0], f.ends[1], sizeof f.ends[0]) > 0;
    hash = mix(~(uint64_t)WN_NETWORK16(f.type), (uint64_t)f.tags[0] << 16 | f.tags[1]);
    hash = mix(hash, (uint64_t)f.protocol << 8 | f.bytes);
    hash = mix_bytes(hash, f.ends[first], sizeof f.ends[first]);
    hash = mix_bytes(hash, f.ends[!first], sizeof f.ends[!first]);
    return (uint32_t)hash ? (uint32_t)hash : 1;
}
