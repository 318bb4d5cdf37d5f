/* SPDX-License-Identifier: MIT */
/** A raw filter: DNS questions for names that end in ".local", label by label. */
#include <winnow/bpf.h>

SEC("filter")
unsigned raw_name(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    const unsigned char *end = data + caplen, *at, *last;

    if (caplen < 55 || wn_be16(data + 12) != 0x0800 || data[14] != 0x45 || data[23] != 17)
        return WN_REJECT;
    if (wn_be16(data + 36) != 53 && wn_be16(data + 36) != 5353)
        return WN_REJECT;
    at = last = data + 54;
    for (int i = 0; i < 24; i++) {
        if (at >= end)
            return WN_REJECT;
        unsigned n = *at;
        if (n == 0 || n > 63)
            break;
        last = at;
        at += n + 1;
    }
    if (last + 6 > end || last[0] != 5)
        return WN_REJECT;
    return last[1] == 'l' && last[2] == 'o' && last[3] == 'c' && last[4] == 'a' && last[5] == 'l'
               ? WN_ACCEPT
               : WN_REJECT;
}
