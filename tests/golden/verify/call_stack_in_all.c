/* SPDX-License-Identifier: MIT */
/* No function has more than it may, all of them together have. */
#include "programs.h"

static __noinline int inner(struct __sk_buff *skb)
{
    char text[300];
    bpf_skb_load_bytes(skb, 0, text, sizeof text);
    return text[7];
}

SEC("socket")
int call_stack_in_all(struct __sk_buff *skb)
{
    char text[300];
    bpf_skb_load_bytes(skb, 300, text, sizeof text);
    return text[9] + inner(skb);
}
