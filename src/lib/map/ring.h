/* SPDX-License-Identifier: MIT */
/** Ring buffers as helpers see them; whoever reads has wn_map_consume(). */
#pragma once

#include "map/map.h"

/** What wakes the reader, by the kernel's numbers. */
enum wn_ring_flag {
    WN_RING_NO_WAKEUP = 1,
    WN_RING_FORCE_WAKEUP = 2,
};

/**
 * Room for a record of so many bytes, which holds up the reader until
 * wn_ring_commit(). What is in it is left from records before.
 *
 * 8-byte aligned, the map's; NULL, which is counted, if there is none: the reader is
 * slow, dead, or never was, or the record is longer than the ring.
 */
void *wn_ring_reserve(struct wn_map *map, uint64_t bytes);

/**
 * Give a record to the reader, or have it skipped. The reader is woken if it waits for
 * just this one, unless the flags (enum wn_ring_flag) say otherwise.
 */
void wn_ring_commit(struct wn_map *map, void *record, uint64_t flags, bool discard);

/** bpf_ringbuf_query(): 0 bytes to be read, 1 bytes of the ring, 2 and 3 read and written since it
 * was made; 0 for anything else. */
uint64_t wn_ring_query(const struct wn_map *map, uint64_t what);
