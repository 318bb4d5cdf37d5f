/* SPDX-License-Identifier: MIT */
/** A raw filter: the packets of one VLAN, whatever tags are outside of it. */
#include <winnow/bpf.h>

const volatile unsigned short vlan = 100;

SEC("filter")
unsigned raw_tags(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned long at = 12;

    for (int i = 0; i < 4; i++) {
        if (at + 4 > caplen)
            return WN_REJECT;
        unsigned type = wn_be16(data + at);
        if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
            return WN_REJECT;
        if ((wn_be16(data + at + 2) & 0xfff) == vlan)
            return WN_ACCEPT;
        at += 4;
    }
    return WN_REJECT;
}
