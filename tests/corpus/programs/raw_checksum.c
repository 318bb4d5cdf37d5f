/* SPDX-License-Identifier: MIT */
/** A raw filter: IPv4 headers whose sum is wrong. */
#include <winnow/bpf.h>

SEC("filter")
unsigned raw_checksum(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    unsigned sum = 0;

    if (caplen < 34 || wn_be16(data + 12) != 0x0800)
        return WN_REJECT;
    unsigned long bytes = (data[14] & 15) * 4;
    if (bytes < 20)
        return WN_ACCEPT;
    if (14 + bytes > caplen)
        return WN_REJECT;
    for (unsigned long i = 0; i < bytes; i += 2)
        sum += wn_be16(data + 14 + i);
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return (sum & 0xffff) == 0xffff ? WN_REJECT : WN_ACCEPT;
}
