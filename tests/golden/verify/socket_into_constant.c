/* SPDX-License-Identifier: MIT */
/* A helper is to write to what nobody can write. */
#include "programs.h"

const volatile char head[16] = {1};

SEC("socket")
int socket_into_constant(struct __sk_buff *skb)
{
    bpf_skb_load_bytes(skb, 0, (void *)head, sizeof head);
    return head[12];
}
