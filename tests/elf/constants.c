/* SPDX-License-Identifier: MIT */
/* Constants: a table, a string, a pointer into the middle of one. */
#include <winnow/bpf.h>

static const unsigned table[8] = {3, 141, 59, 26, 535, 89, 79, 3238};
const unsigned char last_bytes[4] = {1, 2, 4, 8};

static int begins(const unsigned char *data, const char *text, unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        if (data[i] != (unsigned char)text[i])
            return 0;
    return 1;
}

SEC("filter")
unsigned constants(const unsigned char *data, unsigned long caplen)
{
    if (caplen < 16)
        return 0;
    const unsigned *middle = table + 4;
    unsigned sum = table[data[0] & 7] + middle[data[1] & 3] + last_bytes[data[2] & 3];
    return begins(data + 3, data[3] == 'w' ? "winnow" : "chaff!", 6) ? sum + 100000 : sum;
}
