/* SPDX-License-Identifier: MIT */
/** Bytes and checksums of packets with a struct __sk_buff. */
#include <limits.h>
#include <string.h>

#include "context/context.h"
#include "context/skb.h"
#include "helper/helper.h"
#include "helper/packet.h"

/* linux/bpf.h */
enum { RECOMPUTE_CSUM = 1, INVALIDATE_HASH = 2, STORE_FLAGS = RECOMPUTE_CSUM | INVALIDATE_HASH };
enum { FIELD_BYTES = 0xf, PSEUDO_HDR = 16, MANGLED_0 = 32, ENFORCE = 64, IPV6 = 128 };
enum { LEVEL_QUERY, LEVEL_INC, LEVEL_DEC, LEVEL_RESET };
enum { START_MAC, START_NET };

enum { FARTHEST = 0xffff, MOST_SUMS = 4 };

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/** Copy out of the packet; beyond what was captured there is nothing, and zeros are left. */
HELPER(skb_load_bytes)
{
    uint64_t offset = (uint64_t)(uint32_t)r2 + run->copy.skipped, bytes = (uint32_t)r4;
    const uint8_t *from = (uint32_t)r2 > INT_MAX ? NULL : wn_packet_bytes(run, offset, bytes);
    if (!from) {
        memset(at(r3), 0, bytes);
        return wn_failure(EFAULT);
    }
    memmove(at(r3), from, bytes); /* it may lie in the packet itself */
    return 0;
}

/** The same, counted from a header. */
HELPER(skb_load_bytes_relative)
{
    uint32_t offset = (uint32_t)r2, bytes = (uint32_t)r4, start = (uint32_t)r5;
    const struct wn_skb *skb = &run->skb;
    int64_t from = wn_skb_offset(skb, start == START_MAC ? skb->mac : skb->network);
    const uint8_t *p = NULL;
    if (offset <= FARTHEST && start <= START_NET && from + offset >= 0)
        p = wn_packet_bytes(run, (uint64_t)(from + offset), bytes);
    if (!p) {
        memset(at(r3), 0, bytes);
        return wn_failure(EFAULT);
    }
    memmove(at(r3), p, bytes);
    return 0;
}

/** No sum of the whole packet is kept, so none is recomputed. */
HELPER(skb_store_bytes)
{
    uint32_t offset = (uint32_t)r2, bytes = (uint32_t)r4;
    if (r5 & ~(uint64_t)STORE_FLAGS)
        return wn_failure(EINVAL);
    uint8_t *to = offset > INT_MAX ? NULL : wn_packet_bytes(run, offset, bytes);
    if (!to)
        return wn_failure(EFAULT);
    memmove(to, at(r3), bytes);
    if (r5 & INVALIDATE_HASH) {
        run->skb.hashed = false;
        run->skb.hash = 0;
        wn_context_refresh(run);
    }
    return 0;
}

/** All of a packet lies in one piece here; what was not captured cannot be had. */
HELPER(skb_pull_data)
{
    return wn_packet_bytes(run, 0, (uint32_t)r2) ? 0 : wn_failure(ENOMEM);
}

/** A checksum field to be changed; NULL with what is to be returned in *error. */
static uint8_t *field(const struct wn_run *run, uint64_t r2, uint64_t *error)
{
    uint32_t offset = (uint32_t)r2;
    uint8_t *p = offset > FARTHEST || offset & 1 ? NULL : wn_packet_bytes(run, offset, 2);
    *error = wn_failure(EFAULT);
    return p;
}

static void set_sum(uint8_t *to, uint16_t sum)
{
    memcpy(to, &sum, sizeof sum);
}

/** Replace what a sum was made of; both values as the packet has them. Of words of 16 bits only
 * half of the sum is known: there 0 and 0xffff come out differently. */
static void replace16(uint8_t *to, uint16_t from, uint16_t by)
{
    uint32_t sum = (uint16_t)~wn_packet_16(to);
    sum += (uint16_t)~from;
    sum = (sum & 0xffff) + (sum >> 16);
    sum += by;
    set_sum(to, (uint16_t) ~((sum & 0xffff) + (sum >> 16)));
}

static void replace_by_difference(uint8_t *to, uint32_t difference)
{
    set_sum(to, (uint16_t)~wn_sum_fold(wn_sum_add(difference, ~(uint32_t)wn_packet_16(to))));
}

static void replace32(uint8_t *to, uint32_t from, uint32_t by)
{
    uint32_t sum = wn_sum_add(~(uint32_t)wn_packet_16(to), ~from);
    set_sum(to, (uint16_t)~wn_sum_fold(wn_sum_add(sum, by)));
}

HELPER(l3_csum_replace)
{
    uint64_t error;
    if (r5 & ~(uint64_t)FIELD_BYTES)
        return wn_failure(EINVAL);
    uint8_t *sum = field(run, r2, &error);
    if (!sum)
        return error;
    switch (r5) {
    case 0:
        if (r3)
            return wn_failure(EINVAL);
        replace_by_difference(sum, (uint32_t)r4);
        return 0;
    case 2: replace16(sum, (uint16_t)r3, (uint16_t)r4); return 0;
    case 4: replace32(sum, (uint32_t)r3, (uint32_t)r4); return 0;
    default: return wn_failure(EINVAL);
    }
}

/** The pseudo header's part counts for sums of the whole packet alone, of which there is none. */
HELPER(l4_csum_replace)
{
    uint64_t error;
    if (r5 & ~(uint64_t)(FIELD_BYTES | PSEUDO_HDR | MANGLED_0 | ENFORCE | IPV6))
        return wn_failure(EINVAL);
    uint8_t *sum = field(run, r2, &error);
    if (!sum)
        return error;
    if (r5 & MANGLED_0 && !(r5 & ENFORCE) && !wn_packet_16(sum))
        return 0;
    switch (r5 & FIELD_BYTES) {
    case 0:
        if (r3)
            return wn_failure(EINVAL);
        replace_by_difference(sum, (uint32_t)r4);
        break;
    case 2: replace32(sum, (uint16_t)r3, (uint16_t)r4); break;
    case 4: replace32(sum, (uint32_t)r3, (uint32_t)r4); break;
    default: return wn_failure(EINVAL);
    }
    if (r5 & MANGLED_0 && !wn_packet_16(sum))
        set_sum(sum, UINT16_MAX);
    return 0;
}

/** There is no sum of the whole packet that could be brought up to date. */
HELPER(csum_update)
{
    return wn_failure(WN_ENOTSUPP);
}

/** How many checksums, one in another, somebody has found right. */
HELPER(csum_level)
{
    uint8_t *sums = &run->skb.sums;
    switch (r2) {
    case LEVEL_QUERY: return *sums ? *sums - 1u : wn_failure(EACCES);
    case LEVEL_INC: *sums += *sums < MOST_SUMS; return 0;
    case LEVEL_DEC: *sums -= *sums > 0; return 0;
    case LEVEL_RESET: *sums = 0; return 0;
    default: return wn_failure(EINVAL);
    }
}

/** The sum of bytes, and of what there is already; zeros follow. */
static uint32_t sum_of(uint64_t address, uint64_t bytes, uint32_t sum)
{
    const uint8_t *p = at(address);
    for (uint64_t i = 0; i < bytes; i += sizeof sum) {
        uint32_t word = 0;
        memcpy(&word, p + i, bytes - i < sizeof word ? bytes - i : sizeof word);
        sum = wn_sum_add(sum, word);
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
        sum = wn_sum_add(sum_of(r3, to_bytes, seed), ~sum_of(r1, from_bytes, 0));
    else if (to_bytes)
        sum = sum_of(r3, to_bytes, seed);
    else if (from_bytes)
        sum = ~sum_of(r1, from_bytes, ~seed);
    return wn_sum_fold(sum);
}
