/* SPDX-License-Identifier: MIT */
/** Copies 256 bytes of payload to the stack and looks at how they are spread. */
#include "headers.h"

#define BYTES 256

struct result {
    __u32 zeros;
    __u32 letters;
    __u32 high;
    __u32 sum;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct result);
} results SEC(".maps");

SEC("tc") int tc_payload(struct __sk_buff *skb)
{
    __u8 bytes[BYTES];
    __u32 key = 0, zeros = 0, letters = 0, high = 0, sum = 0;
    struct result *r = bpf_map_lookup_elem(&results, &key);

    if (!r || skb->len < 54 + BYTES)
        return TC_ACT_OK;
    if (bpf_skb_load_bytes(skb, 54, bytes, sizeof bytes))
        return TC_ACT_SHOT;
#pragma clang loop unroll(disable)
    for (int i = 0; i < BYTES; i++) {
        __u8 b = bytes[i];
        zeros += b == 0;
        letters += (__u8)((b | 32) - 'a') < 26;
        high += b >> 7;
        sum += b;
    }
    r->zeros = zeros;
    r->letters = letters;
    r->high = high;
    r->sum = sum;
    return high * 2 > BYTES ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
