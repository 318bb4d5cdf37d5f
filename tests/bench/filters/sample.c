/* SPDX-License-Identifier: MIT */
#include "filter.h"

/** A tenth of the hosts, by remainders of 64 bits; of the others what is not near full size. */
FILTER(sample)(const u8 *p, u64 len, u64 wirelen);
FILTER(sample)(const u8 *p, u64 len, u64 wirelen)
{
    if (len < 34 || READ(u16, p + 12) != be16(0x0800))
        return 0;
    u64 pair = (u64)READ(u32, p + 26) << 32 | READ(u32, p + 30);
    if (pair * 0x9e3779b97f4a7c15 % 1000 < 100)
        return 1;
    return wirelen * 100 / 1514 < 7;
}
