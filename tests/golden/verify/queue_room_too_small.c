/* SPDX-License-Identifier: MIT */
/* Room for 4 bytes, where the queue's values have 8. */
#include "programs.h"

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 16);
    __type(value, __u64);
} waiting SEC(".maps");

SEC("xdp")
int queue_room_too_small(struct xdp_md *ctx)
{
    __u32 value;
    return bpf_map_pop_elem(&waiting, &value) ? XDP_PASS : XDP_DROP + value;
}
