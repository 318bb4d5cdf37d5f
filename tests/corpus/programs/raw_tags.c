/* SPDX-License-Identifier: MIT */
/** A raw filter: the packets of one VLAN, whatever tags are outside of it. */
#include <winnow/bpf.h>

const volatile unsigned short vlan = 100;

SEC("filter")
unsigned raw_tags(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned long at = 12;
    unsigned verdict = WN_REJECT; /* one way out: clang -O1 leaves registers undefined otherwise */

    for (int i = 0; i < 4; i++) {
        if (at + 4 > caplen)
            break;
        unsigned type = wn_be16(data + at);
        if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
            break;
        if ((wn_be16(data + at + 2) & 0xfff) == vlan) {
            verdict = WN_ACCEPT;
            break;
        }
        at += 4;
    }
    return verdict;
}
