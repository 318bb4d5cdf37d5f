/* SPDX-License-Identifier: MIT */
/* The least there can be: keep the first bytes of IPv4 packets. */
#include <winnow/bpf.h>

SEC("filter")
unsigned plain(const unsigned char *data, unsigned long caplen)
{
    return caplen >= 14 && wn_be16(data + 12) == 0x0800 ? 64 : 0;
}
