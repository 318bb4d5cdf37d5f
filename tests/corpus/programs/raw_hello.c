/* SPDX-License-Identifier: MIT */
/** A raw filter: ClientHellos that offer a version below TLS 1.2 and no extension for newer ones.
 */
#include <winnow/bpf.h>

SEC("filter")
unsigned raw_hello(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    if (caplen < 54 || wn_be16(data + 12) != 0x0800 || data[23] != 6)
        return 0;
    unsigned long ip = 14 + (data[14] & 15) * 4;
    if (ip + 20 > caplen)
        return 0;
    unsigned long tls = ip + (data[ip + 12] >> 4) * 4;
    if (tls + 44 > caplen)
        return 0;
    const unsigned char *hello = data + tls;
    if (hello[0] != 22 || hello[5] != 1 || wn_be16(hello + 9) > 0x0303)
        return 0;
    unsigned long at = tls + 44 + hello[43];
    if (at + 2 > caplen)
        return 0;
    at += 2 + wn_be16(data + at);
    if (at + 1 > caplen)
        return 0;
    at += 1 + data[at] + 2;
    for (int i = 0; i < 20; i++) {
        if (at + 4 > caplen)
            break;
        if (wn_be16(data + at) == 43)
            return 0;
        at += 4 + wn_be16(data + at + 2);
    }
    return wn_be16(hello + 9) < 0x0303 ? 256 : 0;
}
