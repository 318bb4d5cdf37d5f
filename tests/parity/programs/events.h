/* SPDX-License-Identifier: MIT */
/** What programs of each type tell of their packets by perf events. */
#pragma once

#include "net.h"

struct event {
    __u32 bytes, kept, number;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
} events SEC(".maps");

__u32 number;
__u64 failed[4];

/** With the packet's first bytes, now and then more than there are; and what cannot be. */
static __always_inline long tell(void *ctx, __u32 bytes)
{
    struct event e = {bytes, bytes & 0x78, number++};
    __u64 kept = bytes % 7 ? e.kept : bytes + 8;
    long r = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | kept << 32, &e, sizeof e);
    if (r)
        failed[0]++;
    if (bytes % 5 == 0 && bpf_perf_event_output(ctx, &events, 0, &e, sizeof e)) /* of CPU 0 */
        failed[1]++;
    if (bytes % 3 == 0 && bpf_perf_event_output(ctx, &events, 1u << 20, &e, sizeof e))
        failed[2]++;
    if (bytes % 3 == 1 && bpf_perf_event_output(ctx, &events, 1ull << 60, &e, sizeof e))
        failed[3]++;
    return r;
}
