/* SPDX-License-Identifier: MIT */
/** Loops in loops: four rows of eight weights against the first bytes of a packet, the best row
 * wins. */
#include "headers.h"

#define ROWS    4
#define COLUMNS 8

struct weights {
    __s32 w[ROWS][COLUMNS];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct weights);
} models SEC(".maps");

__u64 wins[ROWS];

SEC("xdp") int xdp_matrix(struct xdp_md *ctx)
{
    __u8 *data = PACKET(ctx), *end = PEND(ctx);
    __u32 key = 0, best = 0;
    __s64 most = -1;
    struct weights *m = bpf_map_lookup_elem(&models, &key);

    if (!m || data + COLUMNS > end)
        return XDP_PASS;
#pragma clang loop unroll(disable)
    for (__u32 row = 0; row < ROWS; row++) {
        __s64 sum = 0;
#pragma clang loop unroll(disable)
        for (__u32 column = 0; column < COLUMNS; column++)
            sum += (__s64)m->w[row][column] * data[column];
        if (sum > most) {
            most = sum;
            best = row;
        }
    }
    wins[best & (ROWS - 1)]++;
    return best == 3 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
