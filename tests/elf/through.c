/* SPDX-License-Identifier: MIT */
/* A call through a pointer. */
#include <winnow/bpf.h>

static __attribute__((noinline)) unsigned twice(unsigned a)
{
    return a * 2;
}

static __attribute__((noinline)) unsigned thrice(unsigned a)
{
    return a * 3;
}

SEC("filter")
unsigned through(const unsigned char *data, unsigned long caplen)
{
    unsigned (*volatile f)(unsigned) = caplen & 1 ? twice : thrice;
    return f(caplen);
}
