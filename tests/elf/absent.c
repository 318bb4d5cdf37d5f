/* SPDX-License-Identifier: MIT */
/* Refused: a function that is somewhere else. */
#include <winnow/bpf.h>

unsigned elsewhere(unsigned long caplen);

SEC("filter")
unsigned absent(const unsigned char *data, unsigned long caplen)
{
    return elsewhere(caplen);
}
