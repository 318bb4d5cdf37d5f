/* SPDX-License-Identifier: MIT */
/** A raw filter: 24 rules in a table of constants, gone through one by one. */
#include <winnow/bpf.h>

struct rule {
    unsigned net, mask;
    unsigned short low, high;
    unsigned char proto, accept;
};

#define RULE(n)                                                                                    \
    {                                                                                              \
        0x0a000000 + (n)*0x10000, 0xffff0000, (n)*50, (n)*50 + 99, (n) % 2 ? 6 : 17, (n) % 3 != 0  \
    }

static const struct rule rules[] = {
    RULE(0),  RULE(1),  RULE(2),  RULE(3),  RULE(4),  RULE(5),  RULE(6),  RULE(7),
    RULE(8),  RULE(9),  RULE(10), RULE(11), RULE(12), RULE(13), RULE(14), RULE(15),
    RULE(16), RULE(17), RULE(18), RULE(19), RULE(20), RULE(21), RULE(22), RULE(23),
};

SEC("filter")
unsigned raw_rules(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    if (caplen < 38 || wn_be16(data + 12) != 0x0800 || data[14] != 0x45)
        return WN_REJECT;
    unsigned from = wn_be32(data + 26), port = wn_be16(data + 36), verdict = WN_REJECT;
#pragma clang loop unroll(disable)
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if ((from & r->mask) == r->net && port >= r->low && port <= r->high &&
            data[23] == r->proto) {
            verdict = r->accept ? WN_ACCEPT : WN_REJECT;
            break;
        }
    }
    return verdict;
}
