/* SPDX-License-Identifier: MIT */
/* Constants that hold addresses of constants. */
#include <winnow/bpf.h>

static const char *const words[4] = {"alpha", "beta", "gamma", "delta"};

SEC("filter")
unsigned pointers(const unsigned char *data, unsigned long caplen)
{
    if (caplen < 2)
        return 0;
    return (unsigned char)words[data[0] & 3][data[1] & 3];
}
