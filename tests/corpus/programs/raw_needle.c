/* SPDX-License-Identifier: MIT */
/** A raw filter: a word of five letters anywhere in the first 200 bytes. */
#include <winnow/bpf.h>

#define DEPTH 200

static const unsigned char word[5] = {'a', 'd', 'm', 'i', 'n'};

SEC("filter")
unsigned raw_needle(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned long n = caplen < DEPTH ? caplen : DEPTH;
    unsigned matched = 0;

    for (unsigned long i = 0; i < n; i++) {
        unsigned char c = data[i] | 32;
        if (c == word[matched]) {
            if (++matched == sizeof word)
                return WN_ACCEPT;
        } else {
            matched = c == word[0];
        }
    }
    return WN_REJECT;
}
