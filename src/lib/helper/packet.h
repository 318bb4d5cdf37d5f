/* SPDX-License-Identifier: MIT */
/** What helpers for packets share. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/run.h"

#define WN_ENOTSUPP 524 /* the kernel's own, for which there is no name outside */

enum { WN_ETHERNET = 14, WN_VLAN = 4, WN_IP4 = 20, WN_IP6 = 40 }; /* bytes of headers */

/** Types of Ethernet frames as a struct __sk_buff has them: in network order (linux/if_ether.h). */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WN_NETWORK16(number) ((uint16_t)(((number)&0xff) << 8 | (number) >> 8))
#else
#define WN_NETWORK16(number) (number)
#endif
#define WN_ETH_IP4   WN_NETWORK16(0x0800)
#define WN_ETH_IP6   WN_NETWORK16(0x86dd)
#define WN_ETH_VLAN  WN_NETWORK16(0x8100)
#define WN_ETH_QINQ  WN_NETWORK16(0x88a8)
#define WN_ETH_802_3 WN_NETWORK16(0x0001)
#define WN_ETH_802_2 WN_NETWORK16(0x0004)

/** What a helper returns that has failed. */
static inline uint64_t wn_failure(int error)
{
    return (uint64_t)(int64_t)-error;
}

/** Bytes of the packet that the program has a copy of; NULL if it has not all of them. */
static inline uint8_t *wn_packet_bytes(const struct wn_run *run, uint64_t offset, uint64_t bytes)
{
    const struct wn_copy *c = &run->copy;
    uint64_t all = c->end - c->data;
    return bytes <= all && offset <= all - bytes ? c->base + c->data + offset : NULL;
}

/** 16 bits of the packet as they lie there. */
static inline uint16_t wn_packet_16(const uint8_t *at)
{
    uint16_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

/** Sums of the Internet checksum (RFC 1071) in the host's order, not turned around. */
static inline uint32_t wn_sum_add(uint32_t a, uint32_t b)
{
    uint32_t sum = a + b;
    return sum + (sum < b);
}

/** Its two halves, added. */
static inline uint16_t wn_sum_fold(uint32_t sum)
{
    return (uint16_t)(wn_sum_add(sum, sum >> 16 | sum << 16) >> 16);
}

/** Whether a frame's type says that a tag follows. */
static inline bool wn_is_vlan(uint16_t type)
{
    return type == WN_ETH_VLAN || type == WN_ETH_QINQ;
}

/** A number that packets of one conversation have in common, in both directions; never 0. */
uint32_t wn_flow_hash(const struct wn_run *run);
