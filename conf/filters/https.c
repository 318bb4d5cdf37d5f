/* SPDX-License-Identifier: MIT */
/*
 * Web traffic that is encrypted: HTTPS over TCP and QUIC over UDP, which both
 * use port 443, with IPv4 and IPv6, behind any number of VLAN tags up to two.
 *
 * https.o beside this file was made from it by ./make, which comes down to
 *
 *     clang -O2 -g -target bpf -I /usr/include -c https.c -o https.o
 *
 * and is run on a file of packets by
 *
 *     winnowd -r sample.pcap -F https.o --stats
 */
#include <winnow/bpf.h>

enum { ETHERNET = 14, TAG = 4, IPV4 = 20, IPV6 = 40 };
enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8 };
enum { TCP = 6, UDP = 17 };

static const unsigned short web = 443;

/* Ports are the first four bytes of TCP's header and of UDP's. */
static __inline unsigned to_web(const unsigned char *data, unsigned long caplen, unsigned long at,
                                unsigned char protocol)
{
    if (protocol != TCP && protocol != UDP)
        return WN_REJECT;
    if (at + 4 > caplen)
        return WN_REJECT;
    return wn_be16(data + at) == web || wn_be16(data + at + 2) == web ? WN_ACCEPT : WN_REJECT;
}

SEC("filter")
unsigned https(const unsigned char *data, unsigned long caplen)
{
    unsigned long at = ETHERNET; /* where what the type speaks of begins */
    if (caplen < ETHERNET + 2 * TAG)
        return WN_REJECT;
    unsigned short type = wn_be16(data + 12);
    if (type == TYPE_VLAN || type == TYPE_QINQ) {
        type = wn_be16(data + 16);
        at += TAG;
    }
    if (type == TYPE_VLAN) {
        type = wn_be16(data + 20);
        at += TAG;
    }

    if (type == TYPE_IPV4 && caplen >= at + IPV4) {
        const unsigned char *ip = data + at;
        /* Only the first fragment of a packet has ports. */
        if (wn_be16(ip + 6) & 0x1fff)
            return WN_REJECT;
        return to_web(data, caplen, at + (ip[0] & 15) * 4, ip[9]);
    }
    if (type == TYPE_IPV6 && caplen >= at + IPV6)
        return to_web(data, caplen, at + IPV6, data[at + 6]);
    return WN_REJECT;
}
