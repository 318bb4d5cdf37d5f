/* SPDX-License-Identifier: MIT */
/** What programs tell a reader by a ring buffer. */
#include "map/ring.h"

#include <errno.h>
#include <string.h>

#include "helper/helper.h"
#include "helper/packet.h"
#include "map/events.h"

/* Which bytes of the packet are to follow, in the flags (BPF_F_CTXLEN_MASK). */
#define PACKET_SHIFT 32
#define PACKET_MASK  UINT64_C(0xfffff)

static struct wn_map *ring_of(const struct wn_run *run, uint64_t handle)
{
    return wn_run_map(run, handle)->map;
}

HELPER(ringbuf_output)
{
    struct wn_map *map = ring_of(run, r1);
    if (r4 & ~(uint64_t)(WN_RING_NO_WAKEUP | WN_RING_FORCE_WAKEUP))
        return (uint64_t)-EINVAL;
    void *record = wn_ring_reserve(map, r3);
    if (!record)
        return (uint64_t)-EAGAIN;
    if (r3) /* without bytes the address may be anything */
        memcpy(record, (const void *)(uintptr_t)r2, (size_t)r3);
    wn_ring_commit(map, record, r4, false);
    return 0;
}

/** What a run holds is listed there, so that nothing is left behind if it faults. */
HELPER(ringbuf_reserve)
{
    struct wn_map *map = ring_of(run, r1);
    if (r3 || run->n_holds == WN_HOLDS)
        return 0;
    void *record = wn_ring_reserve(map, r2);
    uint64_t address = (uint64_t)(uintptr_t)record;
    if (record)
        run->holds[run->n_holds++] = (struct wn_hold){map, address, r2};
    return address;
}

/** Give a record back, of which it is proved or has been checked that it is held. */
static void give_back(struct wn_run *run, uint64_t address, uint64_t flags, bool discard)
{
    for (uint32_t i = 0; i < run->n_holds; i++) {
        struct wn_hold hold = run->holds[i];
        if (hold.address != address)
            continue;
        run->holds[i] = run->holds[--run->n_holds];
        wn_ring_commit(hold.map, (void *)(uintptr_t)address, flags, discard);
        return;
    }
}

HELPER(ringbuf_submit)
{
    give_back(run, r1, r2, false);
    return 0;
}

HELPER(ringbuf_discard)
{
    give_back(run, r1, r2, true);
    return 0;
}

HELPER(ringbuf_query)
{
    return wn_ring_query(ring_of(run, r1), r2);
}

/** The packet's first bytes, as the program counts them; NULL if it has not so many. */
static const uint8_t *first_bytes(const struct wn_run *run, uint64_t bytes)
{
    if (run->kernel.n)
        return wn_packet_bytes(run, run->copy.skipped, bytes);
    return bytes <= run->packet->caplen ? run->packet->data : NULL;
}

HELPER(perf_event_output)
{
    struct wn_event_parts parts = {(const void *)(uintptr_t)r4, r5, NULL, r3 >> PACKET_SHIFT};
    if (r3 >> PACKET_SHIFT & ~PACKET_MASK)
        return wn_failure(EINVAL);
    parts.packet = first_bytes(run, parts.packet_bytes);
    if (parts.packet_bytes && !parts.packet)
        return wn_failure(EFAULT);
    return (uint64_t)(int64_t)wn_events_put(ring_of(run, r2), r3, &parts, run->cpu);
}
