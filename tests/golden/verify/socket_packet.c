/* SPDX-License-Identifier: MIT */
/* The packet itself is not for socket programs. */
#include "programs.h"

SEC("socket")
int socket_packet(struct __sk_buff *skb)
{
    const __u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    return data + 14 <= end && data[12] == 8;
}
