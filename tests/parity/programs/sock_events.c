/* SPDX-License-Identifier: MIT */
/** The same of sockets, whose packets begin behind the link layer's header. */
#include "events.h"

SEC("socket") int sock_events(struct __sk_buff *skb)
{
    return tell(skb, skb->len) ? 0 : skb->len;
}

char _license[] SEC("license") = "GPL";
