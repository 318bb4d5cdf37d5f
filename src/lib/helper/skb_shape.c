/* SPDX-License-Identifier: MIT */
/** Helpers that make packets with a struct __sk_buff longer, shorter, or something else. */
#include <stdlib.h>
#include <string.h>

#include "context/context.h"
#include "context/skb.h"
#include "helper/helper.h"
#include "helper/packet.h"

enum { ADDRESSES = 12, LEAST_TYPE = 0x0600 }; /* of the Ethernet header, before type or tags */

/* What the kernel lets packets become: four pages without what ends a buffer. And room at once. */
enum { LONGEST = 16064, MOST_ROOM = 0xfff };

static void forget_hash(struct wn_skb *skb)
{
    skb->hashed = false;
    skb->hash = 0;
}

/** Put zeros behind the packet's first bytes; there is room for them. */
static void open_gap(struct wn_run *run, uint32_t offset, uint32_t bytes)
{
    wn_skb_push(run, bytes);
    uint8_t *p = run->copy.base + run->copy.data;
    memmove(p, p + bytes, offset);
    memset(p + offset, 0, bytes);
}

/** Take out what is behind the packet's first bytes; false if it has not as much. */
static bool close_gap(struct wn_run *run, uint32_t offset, uint32_t bytes)
{
    uint8_t *p = wn_packet_bytes(run, 0, (uint64_t)offset + bytes);
    if (!p)
        return false;
    memmove(p + bytes, p, offset);
    wn_skb_pull(run, bytes);
    return true;
}

/* ---- VLANs: a packet's first tag lies beside it, the others in it ---------------------------- */

/** Take the first tag in the packet out of it. */
static bool take_tag(struct wn_run *run, uint16_t *tci)
{
    struct wn_skb *skb = &run->skb;
    uint8_t *p = wn_packet_bytes(run, 0, WN_ETHERNET + WN_VLAN);
    if (!p)
        return false;
    *tci = WN_NETWORK16(wn_packet_16(p + WN_ETHERNET));
    uint16_t type = wn_packet_16(p + WN_ETHERNET + 2);
    const uint8_t *behind = wn_packet_bytes(run, WN_ETHERNET + WN_VLAN, 2);
    if (WN_NETWORK16(type) < LEAST_TYPE)
        type = behind && wn_packet_16(behind) == 0xffff ? WN_ETH_802_3 : WN_ETH_802_2;
    skb->protocol = type;
    memmove(p + WN_VLAN, p, ADDRESSES);
    wn_skb_pull(run, WN_VLAN);
    skb->mac = (uint16_t)(skb->mac + WN_VLAN);
    if (wn_skb_offset(skb, skb->network) < WN_ETHERNET)
        skb->network = (uint16_t)(skb->headroom + WN_ETHERNET);
    skb->mac_bytes = (uint16_t)wn_skb_mac_bytes(skb);
    return true;
}

/** Put the tag beside the packet into it; false if it ends before, or is as long as can be. */
static bool put_tag(struct wn_run *run)
{
    struct wn_skb *skb = &run->skb;
    if (!wn_packet_bytes(run, 0, ADDRESSES) || !wn_skb_make_room(run, WN_VLAN))
        return false;
    open_gap(run, ADDRESSES, WN_VLAN);
    uint8_t *p = run->copy.base + run->copy.data + ADDRESSES;
    uint16_t tag[] = {skb->vlan_proto, WN_NETWORK16(skb->vlan_tci)};
    memcpy(p, tag, sizeof tag);
    skb->mac = (uint16_t)(skb->mac - WN_VLAN);
    skb->network = (uint16_t)(skb->network - WN_VLAN);
    skb->protocol = skb->vlan_proto;
    return true;
}

HELPER(skb_vlan_push)
{
    struct wn_skb *skb = &run->skb;
    uint64_t result = 0;
    uint16_t proto = wn_is_vlan((uint16_t)r2) ? (uint16_t)r2 : WN_ETH_VLAN;
    if ((skb->vlan_proto || skb->vlan_tci) && !put_tag(run))
        result = wn_failure(ENOMEM);
    if (!result) {
        skb->vlan_proto = proto;
        skb->vlan_tci = (uint16_t)r3;
    }
    skb->mac_bytes = (uint16_t)wn_skb_mac_bytes(skb);
    wn_context_refresh(run);
    return result;
}

/** As skb_vlan_pop(), before the program is told. */
static uint64_t pop_tag(struct wn_run *run)
{
    struct wn_skb *skb = &run->skb;
    uint16_t tci, proto;
    if (skb->vlan_proto || skb->vlan_tci)
        skb->vlan_proto = skb->vlan_tci = 0;
    else if (!wn_is_vlan(skb->protocol))
        return 0;
    else if (!take_tag(run, &tci))
        return wn_failure(ENOMEM);
    proto = skb->protocol;
    if (!wn_is_vlan(proto))
        return 0;
    if (!take_tag(run, &tci)) /* the next one lies beside the packet from now on */
        return wn_failure(ENOMEM);
    skb->vlan_proto = proto;
    skb->vlan_tci = tci;
    return 0;
}

HELPER(skb_vlan_pop)
{
    uint64_t result = pop_tag(run);
    wn_context_refresh(run);
    return result;
}

/* ---- Both ends ------------------------------------------------------------------------------- */

/** Bytes that the packet keeps: up to its innermost known header. */
static uint32_t least_length(const struct wn_skb *skb)
{
    int32_t network = wn_skb_offset(skb, skb->network), transport = 0;
    if (skb->transport != WN_NO_HEADER)
        transport = wn_skb_offset(skb, skb->transport);
    int32_t least = transport > network ? transport : network;
    return least > 0 ? (uint32_t)least : 0;
}

HELPER(skb_change_tail)
{
    uint32_t bytes = (uint32_t)r2;
    if (r3 || bytes > LONGEST || bytes < least_length(&run->skb))
        return wn_failure(EINVAL);
    if (run->skb.encapsulated)
        return wn_failure(WN_ENOTSUPP);
    if (!wn_skb_set_length(run, bytes))
        return wn_failure(ENOMEM);
    wn_context_refresh(run);
    return 0;
}

HELPER(skb_change_head)
{
    struct wn_skb *skb = &run->skb;
    uint32_t bytes = (uint32_t)r2, was = run->copied.wirelen;
    if (r3 || bytes > INT32_MAX || was + (uint64_t)bytes > LONGEST)
        return wn_failure(EINVAL);
    if (!wn_skb_make_room(run, bytes))
        return wn_failure(ENOMEM);
    open_gap(run, 0, bytes);
    skb->mac = (uint16_t)skb->headroom;
    skb->mac_bytes = (uint16_t)wn_skb_mac_bytes(skb);
    wn_context_refresh(run);
    return 0;
}

/* ---- The network's header -------------------------------------------------------------------- */

static void move_headers(struct wn_skb *skb, int32_t by)
{
    bool alike = skb->transport == skb->network;
    skb->mac = (uint16_t)(skb->mac + by);
    skb->network = (uint16_t)(skb->network + by);
    if (alike)
        skb->transport = skb->network;
}

static bool grow_header(struct wn_run *run, uint32_t offset, uint32_t bytes)
{
    if (!wn_packet_bytes(run, 0, offset))
        return false;
    open_gap(run, offset, bytes);
    move_headers(&run->skb, -(int32_t)bytes);
    return true;
}

static bool shrink_header(struct wn_run *run, uint32_t offset, uint32_t bytes)
{
    if (!close_gap(run, offset, bytes))
        return false;
    move_headers(&run->skb, (int32_t)bytes);
    return true;
}

/** As skb_change_proto(), before the program is told. */
static uint64_t change_protocol(struct wn_run *run, uint16_t to)
{
    struct wn_skb *skb = &run->skb;
    uint16_t from = skb->protocol;
    uint32_t offset = wn_skb_mac_bytes(skb), bytes = WN_IP6 - WN_IP4;
    if (from == WN_ETH_IP4 && to == WN_ETH_IP6) {
        if (!wn_skb_make_room(run, bytes) || !grow_header(run, offset, bytes))
            return wn_failure(ENOMEM);
    } else if (from == WN_ETH_IP6 && to == WN_ETH_IP4) {
        if (!shrink_header(run, offset, bytes))
            return wn_failure(ENOMEM);
    } else {
        return wn_failure(WN_ENOTSUPP);
    }
    skb->protocol = to;
    forget_hash(skb);
    return 0;
}

/** Make room for the other network header, or take some away; the program writes it. */
HELPER(skb_change_proto)
{
    if (r3)
        return wn_failure(EINVAL);
    uint64_t result = change_protocol(run, (uint16_t)r2);
    wn_context_refresh(run);
    return result;
}

/* linux/bpf.h */
enum { ROOM_NET, ROOM_MAC };
enum {
    FIXED_GSO = 1,
    ENCAP_IP4 = 2,
    ENCAP_IP6 = 4,
    ENCAP_GRE = 8,
    ENCAP_UDP = 16,
    NO_CSUM_RESET = 32,
    ENCAP_ETH = 64,
    DECAP_IP4 = 128,
    DECAP_IP6 = 256,
    ENCAP_IP = ENCAP_IP4 | ENCAP_IP6,
    DECAP_IP = DECAP_IP4 | DECAP_IP6,
    ROOM_FLAGS = 511,
};
#define INNER_MAC_SHIFT 56

/** What is wrong with putting a packet into another one so; 0 if nothing is. */
static int check_encapsulation(const struct wn_skb *skb, uint32_t bytes, uint64_t flags)
{
    uint32_t inner_mac = (uint32_t)(flags >> INNER_MAC_SHIFT);
    if (skb->protocol != WN_ETH_IP4 && skb->protocol != WN_ETH_IP6)
        return WN_ENOTSUPP;
    if ((flags & ENCAP_IP) == ENCAP_IP)
        return EINVAL;
    if (flags & ENCAP_GRE && flags & ENCAP_UDP)
        return EINVAL;
    if (flags & ENCAP_ETH && inner_mac < WN_ETHERNET)
        return EINVAL;
    if (skb->encapsulated)
        return EALREADY;
    return inner_mac > bytes ? EINVAL : 0;
}

static int grow(struct wn_run *run, uint32_t offset, uint32_t bytes, uint64_t flags)
{
    struct wn_skb *skb = &run->skb;
    if (!wn_skb_make_room(run, bytes))
        return ENOMEM;
    int error = flags & ENCAP_IP ? check_encapsulation(skb, bytes, flags) : 0;
    if (error)
        return error;
    uint32_t mac_bytes = (uint16_t)wn_skb_mac_bytes(skb);
    if (!grow_header(run, offset, bytes))
        return ENOMEM;
    if (!(flags & ENCAP_IP))
        return 0;
    skb->encapsulated = true;
    skb->network = (uint16_t)(skb->headroom + mac_bytes);
    if (flags & (ENCAP_GRE | ENCAP_UDP))
        skb->transport = (uint16_t)(skb->network + (flags & ENCAP_IP6 ? WN_IP6 : WN_IP4));
    skb->protocol = flags & ENCAP_IP6 ? WN_ETH_IP6 : WN_ETH_IP4;
    return 0;
}

static int shrink(struct wn_run *run, uint32_t offset, uint32_t bytes, uint64_t flags)
{
    if (flags & ~(uint64_t)(FIXED_GSO | DECAP_IP | NO_CSUM_RESET))
        return EINVAL;
    if (!shrink_header(run, offset, bytes))
        return ENOMEM;
    if (flags & DECAP_IP)
        run->skb.protocol = flags & DECAP_IP6 ? WN_ETH_IP6 : WN_ETH_IP4;
    return 0;
}

/** As skb_adjust_room(), before the program is told. */
static int adjust_room(struct wn_run *run, int32_t by, uint32_t mode, uint64_t flags)
{
    const struct wn_skb *skb = &run->skb;
    uint32_t bytes = (uint32_t)abs(by);
    uint32_t header = skb->protocol == WN_ETH_IP4 ? WN_IP4 : WN_IP6, least = header;
    uint32_t offset = wn_skb_mac_bytes(skb) + (mode == ROOM_NET ? header : 0);
    uint32_t rest = run->copied.wirelen - (uint32_t)wn_skb_offset(skb, skb->network);
    if (flags & DECAP_IP) {
        if (by >= 0 || (flags & DECAP_IP) == DECAP_IP)
            return EINVAL;
        least = flags & DECAP_IP6 ? WN_IP6 : WN_IP4;
    }
    uint64_t grown = (uint64_t)run->copied.wirelen + bytes;
    if (by < 0 ? bytes >= rest || rest - bytes < least : grown > LONGEST)
        return WN_ENOTSUPP;
    int error = by < 0 ? shrink(run, offset, bytes, flags) : grow(run, offset, bytes, flags);
    if (!error && !(flags & NO_CSUM_RESET))
        run->skb.sums = 0;
    return error;
}

/** Make room behind the link's or the network's header, or take away what is there. */
HELPER(skb_adjust_room)
{
    const uint64_t known = ROOM_FLAGS | UINT64_C(0xff) << INNER_MAC_SHIFT;
    int32_t by = (int32_t)r2;
    uint32_t mode = (uint32_t)r3;
    uint16_t protocol = run->skb.protocol;
    if (r4 & ~known)
        return wn_failure(EINVAL);
    if (by > MOST_ROOM || by < -MOST_ROOM)
        return wn_failure(EFAULT);
    if (mode > ROOM_MAC || (protocol != WN_ETH_IP4 && protocol != WN_ETH_IP6))
        return wn_failure(WN_ENOTSUPP);
    int error = adjust_room(run, by, mode, r4);
    wn_context_refresh(run);
    return error ? wn_failure(error) : 0;
}
