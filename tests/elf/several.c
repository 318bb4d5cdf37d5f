/* SPDX-License-Identifier: MIT */
/* Programs to choose from: two in one section, one in another. */
#include <winnow/bpf.h>

WN_SEC("filter")
unsigned one(const unsigned char *data, unsigned long caplen)
{
    return caplen + 1;
}

WN_SEC("filter")
unsigned two(const unsigned char *data, unsigned long caplen)
{
    return caplen + 2;
}

WN_SEC("filter/other")
unsigned three(const unsigned char *data, unsigned long caplen)
{
    return caplen + 3;
}
