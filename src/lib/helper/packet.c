/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "context/context.h"
#include "helper/helper.h"

/* linux/if_ether.h, linux/bpf.h, linux/pkt_cls.h */
enum { ETHERNET = 14, TO_INGRESS = 1 };
enum { XDP_ABORTED = 0, XDP_REDIRECT = 4, TC_SHOT = 2, TC_REDIRECT = 7 };

static uint64_t failure(int error)
{
    return (uint64_t)(int64_t)-error;
}

/** Copy out of the packet; beyond what was captured there is nothing, and zeros are left. */
HELPER(skb_load_bytes)
{
    uint64_t offset = (uint64_t)(uint32_t)r2 + run->copy.skipped, bytes = (uint32_t)r4;
    void *to = (void *)(uintptr_t)r3;
    if ((uint32_t)r2 > INT_MAX || offset + bytes > run->packet->caplen) {
        memset(to, 0, bytes);
        return failure(EFAULT);
    }
    memmove(to, run->packet->data + offset, bytes); /* it may lie in the packet itself */
    return 0;
}

/** Move the packet's beginning; what metadata there is goes with it. */
HELPER(xdp_adjust_head)
{
    struct wn_copy *c = &run->copy;
    int64_t meta = c->data - c->meta, data = (int64_t)c->data + (int32_t)r2;
    if (data < (int64_t)WN_HEADROOM_KEPT + meta || data + ETHERNET > c->end)
        return failure(EINVAL);
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
    if (end > c->limit || end < (int64_t)c->data + ETHERNET)
        return failure(EINVAL);
    if (end > c->end)
        memset(c->base + c->end, 0, (size_t)(end - c->end));
    c->end = (uint32_t)end;
    wn_context_refresh(run);
    return 0;
}

/** Nothing leaves here: the interface is kept for the caller, and the action that says so returned.
 */
HELPER(redirect)
{
    bool xdp = run->kernel.type == WN_PROG_XDP;
    if (r2 & ~(uint64_t)(xdp ? 0 : TO_INGRESS))
        return xdp ? XDP_ABORTED : TC_SHOT;
    run->redirect = (uint32_t)r1;
    return xdp ? XDP_REDIRECT : TC_REDIRECT;
}

static uint32_t add(uint32_t a, uint32_t b)
{
    uint32_t sum = a + b;
    return sum + (sum < b);
}

/** The Internet checksum's sum (RFC 1071) in the host's order, not turned around; zeros follow. */
static uint32_t sum_of(uint64_t address, uint64_t bytes, uint32_t sum)
{
    const uint8_t *p = (const uint8_t *)(uintptr_t)address;
    for (uint64_t i = 0; i < bytes; i += sizeof sum) {
        uint32_t word = 0;
        memcpy(&word, p + i, bytes - i < sizeof word ? bytes - i : sizeof word);
        sum = add(sum, word);
    }
    return sum;
}

/** How a checksum changes when `from` is replaced by `to`, both of any length and the result folded
 * to 16 bits: as since Linux 6.13. */
HELPER(csum_diff)
{
    uint64_t from_bytes = (uint32_t)r2, to_bytes = (uint32_t)r4;
    uint32_t seed = (uint32_t)r5, sum = seed;
    if (from_bytes && to_bytes)
        sum = add(sum_of(r3, to_bytes, seed), ~sum_of(r1, from_bytes, 0));
    else if (to_bytes)
        sum = sum_of(r3, to_bytes, seed);
    else if (from_bytes)
        sum = ~sum_of(r1, from_bytes, ~seed);
    sum = add(sum, sum >> 16 | sum << 16);
    return sum >> 16;
}
