/* SPDX-License-Identifier: MIT */
/**
 * What a struct __sk_buff stands for: what begins with the packet, and how its bytes
 * are moved. The kernel's own numbers are those of its BPF_PROG_TEST_RUN (Linux 6.18): the packet
 * has left nothing behind and has not been looked at, and is on its way out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/run.h"

#define WN_NO_HEADER UINT16_MAX /* nobody has said where it is */

/** Say what is known of run->copied before a program runs. */
void wn_skb_begin(struct wn_run *run);

/** Bytes of the link layer's header, as far as helpers have moved the network's away from it. */
static inline uint32_t wn_skb_mac_bytes(const struct wn_skb *skb)
{
    return (uint32_t)(skb->network - skb->mac);
}

/** Where a header is, counted from the packet's first byte. */
static inline int32_t wn_skb_offset(const struct wn_skb *skb, uint16_t header)
{
    return header - (int32_t)skb->headroom;
}

/**
 * Have room for so many bytes before the packet, which may be moved for that; its
 * places stay what they are. Programs that have it in place never ask.
 *
 * Returns false if there is no more; nothing has changed then.
 */
bool wn_skb_make_room(struct wn_run *run, uint32_t bytes);

/** Let the packet begin earlier by bytes that have room, and whatever lies there. */
void wn_skb_push(struct wn_run *run, uint32_t bytes);

/** Let it begin later by bytes that it has. */
void wn_skb_pull(struct wn_run *run, uint32_t bytes);

/** Make it so many bytes long, zeros where it grows; what was not captured stays so. Returns false
 * if there is no room. */
bool wn_skb_set_length(struct wn_run *run, uint32_t bytes);
