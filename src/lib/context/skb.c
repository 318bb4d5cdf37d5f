/* SPDX-License-Identifier: MIT */
#include "context/skb.h"

#include <assert.h>
#include <string.h>

/* linux/if_ether.h */
enum { ETHERNET = 14, PROTOCOL_AT = 12, LEAST_PROTOCOL = 0x0600 };

enum {
    HEADROOM = 64, /* before each packet of a test run (NET_SKB_PAD), and how it grows */
    SHIFT = 4096,  /* what a packet is moved by, so that one that grows is moved seldom */
};

/** As the kernel classifies Ethernet frames (eth_type_trans): in network order, as it shows it. */
static uint16_t protocol_of(const struct wn_packet *p)
{
    static const uint8_t raw_802_3[2] = {0, 1}, with_802_2[2] = {0, 4};
    const uint8_t *type = p->data + PROTOCOL_AT;
    uint16_t result;
    if (p->caplen < ETHERNET)
        return 0;
    if ((type[0] << 8 | type[1]) < LEAST_PROTOCOL) {
        bool raw = p->caplen >= ETHERNET + 2 && type[2] == 0xff && type[3] == 0xff;
        type = raw ? raw_802_3 : with_802_2;
    }
    memcpy(&result, type, sizeof result);
    return result;
}

/** PACKET_BROADCAST, PACKET_MULTICAST or PACKET_HOST: whose the address is nobody knows here. */
static uint8_t packet_type_of(const struct wn_packet *p)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (p->caplen < sizeof all || !(p->data[0] & 1))
        return 0;
    return memcmp(p->data, all, sizeof all) == 0 ? 1 : 2;
}

void wn_skb_begin(struct wn_run *run)
{
    run->skb = (struct wn_skb){
        .headroom = HEADROOM,
        .mac = HEADROOM,
        .network = HEADROOM + ETHERNET,
        .transport = WN_NO_HEADER,
        .protocol = protocol_of(&run->copied),
        .packet_type = packet_type_of(&run->copied),
        .queue = (uint16_t)run->copied.queue,
    };
}

/** Move the packet within the copy, at least so far. */
static bool shift(struct wn_copy *c, uint32_t least)
{
    uint32_t room = WN_COPY_BYTES - c->end, by = least < SHIFT && SHIFT <= room ? SHIFT : least;
    if (by > room)
        return false;
    memmove(c->base + c->data + by, c->base + c->data, c->end - c->data);
    c->meta = c->data += by;
    c->end += by;
    return true;
}

bool wn_skb_make_room(struct wn_run *run, uint32_t bytes)
{
    struct wn_skb *s = &run->skb;
    struct wn_copy *c = &run->copy;
    assert(c->writable);
    if (bytes > c->data && !shift(c, bytes - c->data))
        return false;
    if (bytes > s->headroom) {
        uint32_t more = (bytes - s->headroom + HEADROOM - 1) / HEADROOM * HEADROOM;
        s->headroom += more;
        s->mac = (uint16_t)(s->mac + more);
        s->network = (uint16_t)(s->network + more);
        s->transport = (uint16_t)(s->transport + more); /* even if nobody has said where it is */
    }
    return true;
}

void wn_skb_push(struct wn_run *run, uint32_t bytes)
{
    struct wn_copy *c = &run->copy;
    assert(c->writable && bytes <= c->data && bytes <= run->skb.headroom);
    run->skb.headroom -= bytes;
    c->meta = c->data -= bytes;
    run->copied.wirelen += bytes;
}

void wn_skb_pull(struct wn_run *run, uint32_t bytes)
{
    struct wn_copy *c = &run->copy;
    assert(c->writable && bytes <= c->end - c->data);
    run->skb.headroom += bytes;
    c->meta = c->data += bytes;
    run->copied.wirelen -= bytes;
}

bool wn_skb_set_length(struct wn_run *run, uint32_t bytes)
{
    struct wn_copy *c = &run->copy;
    uint32_t captured = c->end - c->data;
    assert(c->writable);
    if (bytes > captured && captured == run->copied.wirelen) {
        if (bytes > WN_COPY_BYTES - c->data)
            return false;
        memset(c->base + c->end, 0, bytes - captured);
        captured = bytes;
    }
    c->end = c->data + (bytes < captured ? bytes : captured);
    run->copied.wirelen = bytes;
    return true;
}
