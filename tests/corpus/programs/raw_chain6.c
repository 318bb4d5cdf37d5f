/* SPDX-License-Identifier: MIT */
/** A raw filter: what is behind the extension headers of IPv6, found with a pointer and its end. */
#include <winnow/bpf.h>

SEC("filter")
unsigned raw_chain6(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    const unsigned char *at = data + 54, *end = data + caplen;

    if (caplen < 54 || wn_be16(data + 12) != 0x86dd)
        return WN_REJECT;
    unsigned next = data[20];
    for (int i = 0; i < 8; i++) {
        if (next != 0 && next != 43 && next != 60 && next != 44)
            break;
        if (at + 8 > end)
            return WN_REJECT;
        unsigned bytes = next == 44 ? 8 : (at[1] + 1) * 8;
        next = at[0];
        at += bytes;
    }
    if (next != 58 || at + 2 > end)
        return WN_REJECT;
    return at[0] >= 133 && at[0] <= 137 ? WN_ACCEPT : WN_REJECT;
}
