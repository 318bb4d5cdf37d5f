/* SPDX-License-Identifier: MIT */
/** A raw filter that counts: lengths by powers of two, and how much of packets was captured. */
#include <winnow/bpf.h>

unsigned long long lengths[32];
unsigned long long cut, whole;
static unsigned char last[32];

SEC("filter")
unsigned raw_lengths(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned log = 0;

    for (unsigned long n = wirelen & 0xffffffff; n > 1 && log < 31; n >>= 1)
        log++;
    lengths[log & 31]++;
    if (caplen < wirelen)
        cut++;
    else
        whole++;
    if (caplen >= sizeof last)
        __builtin_memcpy(last, data, sizeof last);
    return last[0] & 1 ? 64 : WN_ACCEPT;
}
