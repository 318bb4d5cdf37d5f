/* SPDX-License-Identifier: MIT */
/** A raw filter of functions that are not inlined: the packet and its length go along. */
#include <winnow/bpf.h>

struct found {
    unsigned proto;
    unsigned at;
    unsigned port;
};

static __noinline int find_l4(const unsigned char *data, unsigned long caplen, struct found *f)
{
    if (caplen < 34 || wn_be16(data + 12) != 0x0800)
        return -1;
    f->proto = data[23];
    f->at = 14 + (data[14] & 15) * 4;
    return 0;
}

static __noinline int find_port(const unsigned char *data, unsigned long caplen, struct found *f)
{
    unsigned long at = f->at;
    if (at + 4 > caplen)
        return -1;
    f->port = wn_be16(data + at + 2);
    return 0;
}

static __noinline unsigned score(const struct found *f)
{
    if (f->proto == 17)
        return f->port == 53 ? 1 : 2;
    return f->port < 1024 ? 3 : 4;
}

SEC("filter")
unsigned raw_functions(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    struct found f = {0};
    if (find_l4(data, caplen, &f) || find_port(data, caplen, &f))
        return WN_REJECT;
    return score(&f) * 64;
}
