/* SPDX-License-Identifier: MIT */
/** A raw filter: TCP whose flags no stack would send. */
#include <winnow/bpf.h>

struct tcp {
    __be16 source, dest;
    __be32 seq, ack;
    unsigned char words, flags;
    __be16 window, check, urgent;
} __attribute__((packed, aligned(2)));

SEC("filter")
unsigned raw_flags(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    if (caplen < 34 || data[12] != 8 || data[13] != 0 || data[23] != 6)
        return 0;
    unsigned header = (data[14] & 0xf) << 2;
    if (header < 20 || caplen < 14 + header + sizeof(struct tcp))
        return 0;
    const struct tcp *t = (const struct tcp *)(data + 14 + header);
    switch (t->flags & 0x3f) {
    case 0x00:
    case 0x03:
    case 0x06:
    case 0x07:
    case 0x29:
    case 0x3f: return 128;
    case 0x02: return t->ack || t->urgent ? 128 : 0;
    default: return t->words >> 4 < 5 ? 64 : 0;
    }
}
