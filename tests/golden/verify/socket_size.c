/* SPDX-License-Identifier: MIT */
/* The packet's own length, as the size of memory that has one of its own. */
#include "programs.h"

SEC("socket")
int socket_size(struct __sk_buff *skb)
{
    char head[64];
    bpf_skb_load_bytes(skb, 0, head, skb->len);
    return head[12] == 8;
}
