/* SPDX-License-Identifier: MIT */
/* Externs: weak ones that are nowhere, of the kernel's configuration, of the kernel. */
#include <winnow/bpf.h>

extern int optional(unsigned long n) __attribute__((weak));
extern const int nothing __attribute__((weak));
extern int CONFIG_HZ __attribute__((section(".kconfig")));
extern const void jiffies __attribute__((section(".ksyms")));

SEC("filter")
unsigned int weak(const unsigned char *data, unsigned long caplen)
{
    (void)data;
    return &optional ? optional(caplen) : &nothing ? 2 : 40 + caplen;
}

SEC("filter/config")
unsigned int config(void)
{
    return CONFIG_HZ;
}

SEC("filter/symbol")
unsigned int symbol(void)
{
    return *(const volatile unsigned int *)&jiffies;
}
