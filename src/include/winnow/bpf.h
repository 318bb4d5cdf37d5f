/* SPDX-License-Identifier: MIT */
/**
 * For authors of filters in C. A filter is a function in a section named
 * "filter"; it sees one packet and returns how many bytes of it to keep:
 *
 *     #include <winnow/bpf.h>
 *
 *     SEC("filter")
 *     unsigned filter(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
 *     {
 *         return caplen >= 14 && wn_be16(data + 12) == 0x0800 ? WN_ACCEPT : WN_REJECT;
 *     }
 *
 * Compile with: clang -O2 -g -target bpf -c filter.c -o filter.o
 *
 * data is the packet from its link layer on, caplen the bytes that were
 * captured, wirelen the bytes it had on the wire. The packet can be read, not
 * written; a read outside it ends the run with a fault. Constants and static
 * functions may be used freely, variables that change not yet.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** Put a function into a section, by which it is found. */
#define SEC(name) __attribute__((section(name), used))

#define WN_REJECT 0u
#define WN_ACCEPT 0xffffffffu /* all there is */

/* Numbers at any place in the packet, as one load each. */
struct wn_be16 {
    unsigned short value;
} __attribute__((__may_alias__));

struct wn_be32 {
    unsigned int value;
} __attribute__((__may_alias__));

/** Two bytes in network order. */
static inline unsigned short wn_be16(const void *at)
{
    unsigned short value = ((const struct wn_be16 *)at)->value;
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(value) : value;
}

/** Four bytes in network order. */
static inline unsigned int wn_be32(const void *at)
{
    unsigned int value = ((const struct wn_be32 *)at)->value;
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(value) : value;
}

#ifdef __bpf__
/* What filters can call (helper.def has the numbers; they are the kernel's). */

/** When the packet was captured, in nanoseconds since 1970. */
static unsigned long (*const wn_time_ns)(void) = (unsigned long (*)(void))5;

/** A random number of 32 bits; the same ones in each run over a file. */
static unsigned long (*const wn_random)(void) = (unsigned long (*)(void))7;
#endif

#ifdef __cplusplus
}
#endif
