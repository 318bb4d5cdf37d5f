/* SPDX-License-Identifier: MIT */
/* Refused: a map, as they were written before there was BTF. */
#include <winnow/bpf.h>

struct {
    unsigned type, key_size, value_size, max_entries, flags;
} hosts __attribute__((section("maps"), used)) = {1, 4, 8, 100, 0};

static void *(*const lookup)(void *map, const void *key) = (void *(*)(void *, const void *))1;

SEC("filter")
unsigned oldmap(const unsigned char *data, unsigned long caplen)
{
    unsigned key = 0;
    return lookup(&hosts, &key) != 0;
}
