/* SPDX-License-Identifier: MIT */
/* A filter may say what becomes of a packet, not change it. */
#include "programs.h"

SEC("filter")
unsigned filter_writes(__u8 *data, unsigned long caplen)
{
    if (caplen < 14)
        return WN_REJECT;
    data[0] = 0;
    return WN_ACCEPT;
}
