/* SPDX-License-Identifier: MIT */
/** A raw filter: one flow of N, all of its packets, both directions alike. */
#include <winnow/bpf.h>

const volatile unsigned every = 8;

static unsigned mix(unsigned a, unsigned b)
{
    a = (a ^ b) * 0x85ebca6b;
    a ^= a >> 13;
    return a * 0xc2b2ae35;
}

SEC("filter")
unsigned raw_onein(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned ports = 0;

    if (caplen < 34 || wn_be16(data + 12) != 0x0800 || every == 0)
        return WN_REJECT;
    unsigned addresses = wn_be32(data + 26) ^ wn_be32(data + 30);
    unsigned at = 14 + (data[14] & 15) * 4;
    if ((data[23] == 6 || data[23] == 17) && (wn_be16(data + 20) & 0x1fff) == 0) {
        if (at + 4 > caplen)
            return WN_REJECT;
        ports = wn_be16(data + at) ^ wn_be16(data + at + 2);
    }
    unsigned h = mix(mix(addresses, ports), data[23]);
    return (h >> 8) % every == 0 ? WN_ACCEPT : WN_REJECT;
}
