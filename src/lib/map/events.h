/* SPDX-License-Identifier: MIT */
/** Perf events as helpers see them; whoever reads has wn_map_consume_events(). */
#pragma once

#include "map/map.h"

/** Instead of an index: that of the CPU the program runs on (BPF_F_CURRENT_CPU). */
#define WN_EVENT_THIS_CPU UINT32_MAX

/** What a record is made of: the program's bytes, then some of the packet. */
struct wn_event_parts {
    const void *data;
    uint64_t bytes;
    const void *packet;
    uint64_t packet_bytes;
};

/**
 * Write a record.
 *
 * flags  the index in the low 32 bits; others have been looked at
 *
 * Returns 0, -E2BIG (there is no such index), -ENOENT (nobody has opened the events),
 * -EOPNOTSUPP (the index is another CPU's) or -ENOSPC (no room, which is counted).
 */
int wn_events_put(struct wn_map *map, uint64_t flags, const struct wn_event_parts *parts,
                  uint32_t cpu);

/** The ring buffer that records go to; NULL until it is opened. */
struct wn_map *wn_events_ring(const struct wn_map *map);
