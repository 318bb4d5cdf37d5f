/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** TCP and UDP to ports below 1024 over IPv6, behind VLAN tags and extension headers. */
FILTER(ipv6)(const u8 *p, u64 len, u64 wirelen);
FILTER(ipv6)(const u8 *p, u64 len, u64 wirelen)
{
    (void)wirelen;
    u64 at = 14;
    if (len < 60)
        return 0;
    u16 type = READ(u16, p + 12);
    for (int tags = 0; tags < 2 && (type == be16(0x8100) || type == be16(0x88a8)); tags++) {
        type = READ(u16, p + at + 2);
        at += 4;
    }
    if (type != be16(0x86dd) || len < at + 40)
        return 0;
    u8 next = p[at + 6];
    at += 40;
    for (int headers = 0; headers < 8; headers++) {
        if (next == 6 || next == 17)
            return len >= at + 4 && be16(READ(u16, p + at + 2)) < 1024;
        if ((next != 0 && next != 43 && next != 60) || len < at + 8)
            return 0;
        next = p[at];
        at += 8 + p[at + 1] * 8;
    }
    return 0;
}
