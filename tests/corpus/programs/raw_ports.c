/* SPDX-License-Identifier: MIT */
/** A raw filter: TCP or UDP to one of a few ports, IPv4 with options and IPv6. */
#include <winnow/bpf.h>

static __always_inline int wanted(unsigned port)
{
    return port == 22 || port == 53 || port == 443 || (port >= 8000 && port < 8100);
}

SEC("filter")
unsigned raw_ports(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned long at;
    unsigned proto;

    if (caplen < 54)
        return WN_REJECT;
    if (wn_be16(data + 12) == 0x0800) {
        proto = data[23];
        at = 14 + (data[14] & 15) * 4;
        if (wn_be16(data + 20) & 0x1fff)
            return WN_REJECT;
    } else if (wn_be16(data + 12) == 0x86dd) {
        proto = data[20];
        at = 54;
    } else {
        return WN_REJECT;
    }
    if ((proto != 6 && proto != 17) || at + 4 > caplen)
        return WN_REJECT;
    return wanted(wn_be16(data + at)) || wanted(wn_be16(data + at + 2)) ? WN_ACCEPT : WN_REJECT;
}
