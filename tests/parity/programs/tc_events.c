/* SPDX-License-Identifier: MIT */
/** The same of tc, which returns what went wrong. */
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

SEC("tc") int tc_events(struct __sk_buff *ctx)
{
    __u32 bytes = ctx->len;
    struct event e = {bytes, bytes & 0x78, number++};
    __u64 kept = e.kept;
    if (bytes % 7 == 0)
        kept = bytes + 8; /* more than there is */
    long r = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU | kept << 32, &e, sizeof e);
    if (r)
        failed[0]++;
    if (bytes % 5 == 0 && bpf_perf_event_output(ctx, &events, 0, &e, sizeof e)) /* of CPU 0 */
        failed[1]++;
    if (bytes % 3 == 0 && bpf_perf_event_output(ctx, &events, 1u << 20, &e, sizeof e))
        failed[2]++;
    if (bytes % 3 == 1 && bpf_perf_event_output(ctx, &events, 1ull << 60, &e, sizeof e))
        failed[3]++;
    return r ? r : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
