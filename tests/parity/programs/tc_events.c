/* SPDX-License-Identifier: MIT */
/** Tells of each packet by a perf event, and returns what went wrong. */
#include "events.h"

SEC("tc") int tc_events(struct __sk_buff *skb)
{
    return tell(skb, skb->len);
}

char _license[] SEC("license") = "GPL";
