/* SPDX-License-Identifier: MIT */
/* Refused: a variable with a value at the start. */
#include <winnow/bpf.h>

unsigned left = 10;

SEC("filter")
unsigned data(const unsigned char *data, unsigned long caplen)
{
    return left ? left-- : 0;
}
