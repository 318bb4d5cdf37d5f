/* SPDX-License-Identifier: MIT */
/* A place that may be the end itself lets one byte too few be there. */
#include "programs.h"

SEC("tc")
int headers_end_itself(struct __sk_buff *skb)
{
    const __u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    const __u8 *ttl = data + 22;
    if (ttl > end)
        return TC_ACT_OK;
    return *ttl ? TC_ACT_OK : TC_ACT_SHOT;
}
