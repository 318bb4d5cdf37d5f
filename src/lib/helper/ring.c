/* SPDX-License-Identifier: MIT */
/** What programs tell a reader by a ring buffer. */
#include "map/ring.h"

#include <errno.h>
#include <string.h>

#include "helper/helper.h"

static struct wn_map *ring_of(const struct wn_run *run, uint64_t handle)
{
    return run->maps[(uint32_t)handle].map;
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

HELPER(ringbuf_query)
{
    return wn_ring_query(ring_of(run, r1), r2);
}
