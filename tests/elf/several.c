/* SPDX-License-Identifier: MIT */
/* Programs to choose from: two in one section, one in another. */
#include <winnow/bpf.h>

SEC("filter")
unsigned one(const unsigned char *data, unsigned long caplen)
{
    return caplen + 1;
}

SEC("filter")
unsigned two(const unsigned char *data, unsigned long caplen)
{
    return caplen + 2;
}

SEC("filter/other")
unsigned three(const unsigned char *data, unsigned long caplen)
{
    return caplen + 3;
}
