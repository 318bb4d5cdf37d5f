/* SPDX-License-Identifier: MIT */
/* TCP options say how long they are; one of length 0 never ends. */
#include "programs.h"

SEC("filter")
unsigned loop_options(const __u8 *data, unsigned long caplen)
{
    unsigned long at = 54;
    while (at + 2 <= caplen) {
        if (data[at] == 2)
            return WN_ACCEPT;
        at += data[at + 1];
    }
    return WN_REJECT;
}
