/* SPDX-License-Identifier: MIT */
/* Variables of every kind, as bpf skeletons use them. */
#include <winnow/bpf.h>

enum mode { OFF, COUNT = 3, SUM = 7 };

struct limits {
    unsigned short low, high;
    unsigned char name[6];
};

const volatile unsigned int port = 443;
const volatile signed char sign = -1;
const volatile _Bool enabled = 1;
const volatile enum mode mode = COUNT;
const volatile struct limits limits = {10, 1500, "lan"};
const volatile unsigned long long wide = 0x1122334455667788ull;
unsigned long long total = 5;
unsigned int seen[4];
static unsigned int last;
const unsigned char magic[] = "win";

SEC("filter")
unsigned int globals(const unsigned char *data, unsigned long caplen)
{
    if (!enabled)
        return 7;
    if (caplen < limits.low || caplen > limits.high)
        return 8;
    total += mode == SUM ? caplen : 1;
    seen[data[0] & 3]++;
    last = (unsigned int)caplen;
    return (unsigned int)(total << 16) + port + (unsigned int)sign + magic[data[1] & 3] +
           (unsigned int)(wide >> 56);
}

SEC("filter/last")
unsigned int previous(void)
{
    return last + seen[1];
}
