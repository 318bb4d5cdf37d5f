/* SPDX-License-Identifier: MIT */
/* Refused: a variable that changes. */
#include <winnow/bpf.h>

static unsigned seen;

SEC("filter")
unsigned bss(const unsigned char *data, unsigned long caplen)
{
    return ++seen;
}
