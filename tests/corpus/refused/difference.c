/* SPDX-License-Identifier: MIT */
/** As many bytes as lie between two offsets that were compared with each other: the kernel keeps
 * bounds of each, and of the difference none. Safe: it is between 1 and 60.
 * The kernel: "R4 invalid zero-sized read: u64=[0,4294967292]" */
#include "headers.h"

SEC("socket") int difference(struct __sk_buff *skb)
{
    __u8 options[64] = {0};
    __u8 first;

    if (bpf_skb_load_bytes(skb, ETH_HLEN, &first, 1))
        return 0;
    __u64 from = (first >> 4) * 4, to = (first & 15) * 4;
    if (from >= to)
        return 0;
    if (bpf_skb_load_bytes(skb, ETH_HLEN + from, options, to - from))
        return 0;
    return options[0] == 7 ? 64 : 128;
}

char _license[] SEC("license") = "GPL";
