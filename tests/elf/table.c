/* SPDX-License-Identifier: MIT */
/* Refused: constants that hold addresses of functions. */
#include <winnow/bpf.h>

static __attribute__((noinline)) unsigned twice(unsigned a)
{
    return a * 2;
}

static __attribute__((noinline)) unsigned thrice(unsigned a)
{
    return a * 3;
}

static unsigned (*const table[2])(unsigned) = {twice, thrice};

SEC("filter")
unsigned choose(const unsigned char *data, unsigned long caplen)
{
    return table[caplen & 1](caplen);
}
