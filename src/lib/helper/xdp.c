/* SPDX-License-Identifier: MIT */
/** Bytes, metadata and ends of XDP programs' packets, which lie in one piece. */
#include <string.h>

#include "context/context.h"
#include "helper/helper.h"
#include "helper/packet.h"

enum { FARTHEST = 0xffff, META_UNIT = 4, MOST_META = 255 };

/** Move the packet's beginning; what metadata there is goes with it. */
HELPER(xdp_adjust_head)
{
    struct wn_copy *c = &run->copy;
    int64_t meta = c->data - c->meta, data = (int64_t)c->data + (int32_t)r2;
    if (data < (int64_t)WN_HEADROOM_KEPT + meta || data + WN_ETHERNET > c->end)
        return wn_failure(EINVAL);
    memmove(c->base + data - meta, c->base + c->meta, (size_t)meta);
    c->meta = (uint32_t)(data - meta);
    c->data = (uint32_t)data;
    wn_context_refresh(run);
    return 0;
}

/** Move the packet's end; it grows by zeros. */
HELPER(xdp_adjust_tail)
{
    struct wn_copy *c = &run->copy;
    int64_t end = (int64_t)c->end + (int32_t)r2;
    if (end > c->limit || end < (int64_t)c->data + WN_ETHERNET)
        return wn_failure(EINVAL);
    if (end > c->end)
        memset(c->base + c->end, 0, (size_t)(end - c->end));
    c->end = (uint32_t)end;
    wn_context_refresh(run);
    return 0;
}

/** Move the metadata's beginning, away from the packet or back. */
HELPER(xdp_adjust_meta)
{
    struct wn_copy *c = &run->copy;
    int64_t meta = (int64_t)c->meta + (int32_t)r2, bytes = c->data - meta;
    if (meta < WN_HEADROOM_KEPT || bytes < 0)
        return wn_failure(EINVAL);
    if (bytes % META_UNIT || bytes > MOST_META)
        return wn_failure(EACCES);
    c->meta = (uint32_t)meta;
    wn_context_refresh(run);
    return 0;
}

HELPER(xdp_get_buff_len)
{
    return run->copy.end - run->copy.data;
}

/** Bytes of the packet; NULL with what is to be returned in *error. */
static uint8_t *part(const struct wn_run *run, uint64_t offset, uint64_t bytes, uint64_t *error)
{
    bool far = (uint32_t)offset > FARTHEST || (uint32_t)bytes > FARTHEST;
    *error = wn_failure(far ? EFAULT : EINVAL);
    return far ? NULL : wn_packet_bytes(run, (uint32_t)offset, (uint32_t)bytes);
}

HELPER(xdp_load_bytes)
{
    uint64_t error;
    const uint8_t *from = part(run, r2, r4, &error);
    if (!from)
        return error;
    memmove((void *)(uintptr_t)r3, from, (uint32_t)r4); /* it may lie in the packet itself */
    return 0;
}

HELPER(xdp_store_bytes)
{
    uint64_t error;
    uint8_t *to = part(run, r2, r4, &error);
    if (!to)
        return error;
    memmove(to, (const void *)(uintptr_t)r3, (uint32_t)r4);
    return 0;
}
