/* SPDX-License-Identifier: MIT */
/* Functions in .text, static and global, that call each other, and one in the program's own
 * section. */
#include <winnow/bpf.h>

#define APART __attribute__((noinline))

static APART unsigned long deepest(unsigned long a)
{
    return a * 3 + 1;
}

APART unsigned long middle(unsigned long a)
{
    return deepest(a) + deepest(a + 1);
}

static APART unsigned long outer(const unsigned char *data, unsigned long at)
{
    return middle(data[at]) ^ deepest(at);
}

static APART SEC("filter") unsigned long beside(unsigned long a)
{
    return middle(a) + 1000;
}

SEC("filter")
unsigned calls(const unsigned char *data, unsigned long caplen)
{
    if (caplen < 2)
        return 0;
    return outer(data, 1) + beside(data[0]);
}

/* Called by nobody, so it must not be in the program. */
APART unsigned long stray(unsigned long a)
{
    return beside(a) + 7;
}
