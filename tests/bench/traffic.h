/* SPDX-License-Identifier: MIT */
/** Packets for measurements: the same ones every time. */
#pragma once

#include <stdint.h>

#include <winnow/prog.h>

#define TRAFFIC_PACKETS 1024            /* in random order; a power of 2 */
#define TRAFFIC_ONE     TRAFFIC_PACKETS /* a packet that many filters let pass */

struct traffic {
    struct wn_packet packets[TRAFFIC_PACKETS + 1];
    _Alignas(64) uint8_t bytes[TRAFFIC_PACKETS + 1][192];
};

/**
 * IPv4 and IPv6, TCP, UDP, ICMP, ARP, VLAN tags, options, extension headers, fragments; web, DNS,
 * ssh and others; some of it cut short.
 */
void traffic_make(struct traffic *t);
