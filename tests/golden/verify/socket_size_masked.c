/* SPDX-License-Identifier: MIT */
/* A limit, but one that is too large. */
#include "programs.h"

SEC("socket")
int socket_size_masked(struct __sk_buff *skb)
{
    char head[64];
    __u32 size = (skb->len & 127) + 1;
    bpf_skb_load_bytes(skb, 0, head, size);
    return head[12] == 8;
}
