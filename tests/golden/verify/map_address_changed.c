/* SPDX-License-Identifier: MIT */
/* A map's address with something added to it: the second map was meant. */
#include "programs.h"

MAP(counts, BPF_MAP_TYPE_ARRAY, 1, __u32, __u64);

SEC("xdp")
int map_address_changed(struct xdp_md *ctx)
{
    __u32 key = 0;
    void *map = &counts;
    asm volatile("%0 += 1" : "+r"(map));
    return bpf_map_lookup_elem(map, &key) ? XDP_PASS : XDP_DROP;
}
