/* SPDX-License-Identifier: MIT */
/* The packet's length is not changed by writing another one. */
#include "programs.h"

SEC("tc")
int tc_length_written(struct __sk_buff *skb)
{
    if (skb->len > 128)
        skb->len = 128;
    return TC_ACT_OK;
}
