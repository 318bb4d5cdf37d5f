/* SPDX-License-Identifier: MIT */
/* Refused: a field whose place the loader is to find (needs -g). */
#include <winnow/bpf.h>

struct place {
    int a, b;
} __attribute__((preserve_access_index));

SEC("filter")
unsigned core(const struct place *at, unsigned long caplen)
{
    return at->b;
}
