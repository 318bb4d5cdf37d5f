/* SPDX-License-Identifier: MIT */
/* Refused: a map, as libbpf writes them. */
#include <winnow/bpf.h>

struct {
    int (*type)[2];
    int (*max_entries)[4];
    unsigned *key;
    unsigned long *value;
} counts __attribute__((section(".maps"), used));

static void *(*const lookup)(void *map, const void *key) = (void *(*)(void *, const void *))1;

SEC("filter")
unsigned map(const unsigned char *data, unsigned long caplen)
{
    unsigned key = 0;
    return lookup(&counts, &key) != 0;
}
