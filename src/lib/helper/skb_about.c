/* SPDX-License-Identifier: MIT */
/** What is known of packets with a struct __sk_buff besides their bytes. */
#include <stddef.h>
#include <string.h>

#include "context/context.h"
#include "context/skb.h"
#include "helper/helper.h"
#include "helper/packet.h"

enum { OTHERHOST = 3 };                 /* linux/if_packet.h: the last type that programs may set */
enum { REALTIME, MONOTONIC, TAI };      /* linux/bpf.h: BPF_SKB_CLOCK_ */
enum { CONGESTION = 3, MOST_TAGS = 8 }; /* bits of the field; tags looked behind */
enum { TYPE_AT = 2, TSTAMP_AT = 152 };  /* in a tag; in struct __sk_buff */

/** Computed when somebody asks: what the kernel computes depends on a number drawn at its start. */
HELPER(get_hash_recalc)
{
    struct wn_skb *skb = &run->skb;
    if (!skb->hashed) {
        skb->hash = wn_flow_hash(run);
        skb->hashed = true;
        wn_context_refresh(run);
    }
    return skb->hash;
}

HELPER(set_hash)
{
    run->skb.hash = (uint32_t)r2;
    run->skb.hashed = true;
    wn_context_refresh(run);
    return 0;
}

HELPER(set_hash_invalid)
{
    run->skb.hash = 0;
    run->skb.hashed = false;
    wn_context_refresh(run);
    return 0;
}

HELPER(skb_change_type)
{
    if ((uint32_t)r2 > OTHERHOST)
        return wn_failure(EINVAL);
    run->skb.packet_type = (uint8_t)r2;
    wn_context_refresh(run);
    return 0;
}

HELPER(skb_set_tstamp)
{
    struct wn_skb *skb = &run->skb;
    uint32_t clock = (uint32_t)r3;
    if (skb->protocol != WN_ETH_IP4 && skb->protocol != WN_ETH_IP6)
        return wn_failure(EOPNOTSUPP);
    if (clock > TAI || (clock != REALTIME && !r2))
        return wn_failure(EINVAL);
    skb->tstamp_type = (uint8_t)clock;
    memcpy(run->kernel.bytes + TSTAMP_AT, &r2, sizeof r2);
    wn_context_refresh(run);
    return 0;
}

/** What is behind the tags in the packet; 0 if that cannot be seen. */
static uint16_t type_behind_tags(const struct wn_run *run)
{
    const struct wn_skb *skb = &run->skb;
    uint16_t type = skb->protocol;
    int64_t at = skb->mac_bytes ? skb->mac_bytes - WN_VLAN : WN_ETHERNET;
    at += wn_skb_offset(skb, skb->mac);
    for (unsigned tags = 1; wn_is_vlan(type); tags++, at += WN_VLAN) {
        const uint8_t *tag = at < 0 ? NULL : wn_packet_bytes(run, (uint64_t)at, WN_VLAN);
        if (!tag || tags == MOST_TAGS)
            return 0;
        type = wn_packet_16(tag + TYPE_AT);
    }
    return type;
}

/** Mark an IPv4 header, unless its sender knows no such marks. */
static uint64_t mark_ip4(uint8_t *ip)
{
    uint32_t next = (ip[1] + 1u) & CONGESTION; /* one further than it is: marked becomes 0 */
    if (!(next & 2))
        return !next;
    uint16_t more = WN_NETWORK16(0xfffb + next), sum = (uint16_t)(wn_packet_16(ip + 10) + more);
    sum = (uint16_t)(sum + (sum < more));
    memcpy(ip + 10, &sum, sizeof sum);
    ip[1] |= CONGESTION;
    return 1;
}

static uint64_t mark_ip6(uint8_t *ip)
{
    if (!(ip[1] >> 4 & CONGESTION))
        return 0;
    ip[1] |= CONGESTION << 4;
    return 1;
}

/** Say that there is congestion on the way (RFC 3168). */
HELPER(skb_ecn_set_ce)
{
    const struct wn_skb *skb = &run->skb;
    uint16_t type = type_behind_tags(run);
    int32_t offset = wn_skb_offset(skb, skb->network);
    if ((type != WN_ETH_IP4 && type != WN_ETH_IP6) || offset < 0)
        return 0;
    bool four = type == WN_ETH_IP4;
    uint8_t *ip = wn_packet_bytes(run, (uint32_t)offset, four ? WN_IP4 : WN_IP6);
    return !ip ? 0 : four ? mark_ip4(ip) : mark_ip6(ip);
}

/** Routes have realms; packets that are looked at have no route yet. */
HELPER(get_route_realm)
{
    return 0;
}
