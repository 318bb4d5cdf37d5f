/* SPDX-License-Identifier: MIT */
/* A function that walks through labels by calling itself. */
#include "programs.h"

static __noinline unsigned labels(const __u8 *data, unsigned long caplen, unsigned long at)
{
    if (at >= caplen || data[at] == 0)
        return 0;
    unsigned rest = labels(data, caplen, at + data[at] + 1);
    return rest + 1;
}

SEC("filter")
unsigned call_itself(const __u8 *data, unsigned long caplen)
{
    return labels(data, caplen, 54) > 3;
}
