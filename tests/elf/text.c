/* SPDX-License-Identifier: MIT */
/* No section named: what is in .text is the program. */
static __attribute__((noinline)) unsigned long half(unsigned long n)
{
    return n / 2 + 5;
}

unsigned text(const unsigned char *data, unsigned long caplen)
{
    return half(caplen) + half(caplen + 2);
}
