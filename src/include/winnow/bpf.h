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
 * written; a read outside it ends the run with a fault. Functions, constants,
 * variables and maps may be used freely.
 *
 * Programs for the kernel work as well: SEC("xdp"), SEC("socket"), SEC("tc"). This
 * header has what most of them need, by the names of <linux/bpf.h> and
 * <bpf/bpf_helpers.h>; whoever wants these themselves includes them before it.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** Put a function into a section, by which it is found. */
#ifndef SEC
#define SEC(name) __attribute__((section(name), used))
#endif

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
/* The kernel's names of numbers (<linux/types.h>, which may as well be included too). */
typedef signed char __s8;
typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;

/* Between the network's byte order and the machine's; constants stay constants. */
#ifndef __BPF_ENDIAN__ /* <bpf/bpf_endian.h> */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define bpf_htons(x)       ((__be16)__builtin_bswap16(x))
#define bpf_htonl(x)       ((__be32)__builtin_bswap32(x))
#define bpf_cpu_to_be64(x) ((__be64)__builtin_bswap64(x))
#else
#define bpf_htons(x)       ((__be16)(x))
#define bpf_htonl(x)       ((__be32)(x))
#define bpf_cpu_to_be64(x) ((__be64)(x))
#endif
#define bpf_ntohs(x)       bpf_htons(x)
#define bpf_ntohl(x)       bpf_htonl(x)
#define bpf_be64_to_cpu(x) bpf_cpu_to_be64(x)
#endif

/* What filters can call (helper.def has the numbers; they are the kernel's). */

/** When the packet was captured, in nanoseconds since 1970. */
static unsigned long (*const wn_time_ns)(void) = (unsigned long (*)(void))5;

/** A random number of 32 bits; the same ones in each run over a file. */
static unsigned long (*const wn_random)(void) = (unsigned long (*)(void))7;

#ifndef __BPF_HELPERS__ /* <bpf/bpf_helpers.h> */

/* Attributes of maps: struct { __uint(type, BPF_MAP_TYPE_HASH); ... } name SEC(".maps"); */
#define __uint(name, value)  int(*name)[value]
#define __type(name, value)  __typeof__(value) *name
#define __array(name, value) __typeof__(value) *name[]
#define __ulong(name, value) enum { name##__value = (value) } name

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

/* bpf-helpers(7) says what these do. */
static void *(*const bpf_map_lookup_elem)(void *map,
                                          const void *key) = (void *(*)(void *, const void *))1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value,
                                         unsigned long long flags) =
    (long (*)(void *, const void *, const void *, unsigned long long))2;
static long (*const bpf_map_delete_elem)(void *map,
                                         const void *key) = (long (*)(void *, const void *))3;
static unsigned long long (*const bpf_ktime_get_ns)(void) = (unsigned long long (*)(void))5;
static long (*const bpf_trace_printk)(const char *format, unsigned int size,
                                      ...) = (long (*)(const char *, unsigned int, ...))6;
static unsigned int (*const bpf_get_prandom_u32)(void) = (unsigned int (*)(void))7;
static unsigned int (*const bpf_get_smp_processor_id)(void) = (unsigned int (*)(void))8;
static long (*const bpf_tail_call)(void *context, void *map,
                                   unsigned int index) = (long (*)(void *, void *, unsigned int))12;
static long (*const bpf_redirect)(unsigned int ifindex,
                                  unsigned long long flags) = (long (*)(unsigned int,
                                                                        unsigned long long))23;
static long (*const bpf_skb_load_bytes)(const void *skb, unsigned int offset, void *to,
                                        unsigned int bytes) = (long (*)(const void *, unsigned int,
                                                                        void *, unsigned int))26;
static long long (*const bpf_csum_diff)(unsigned int *from, unsigned int from_bytes,
                                        unsigned int *to, unsigned int to_bytes,
                                        unsigned int seed) =
    (long long (*)(unsigned int *, unsigned int, unsigned int *, unsigned int, unsigned int))28;

struct xdp_md;
static long (*const bpf_xdp_adjust_head)(struct xdp_md *context,
                                         int delta) = (long (*)(struct xdp_md *, int))44;
static long (*const bpf_xdp_adjust_tail)(struct xdp_md *context,
                                         int delta) = (long (*)(struct xdp_md *, int))65;

static long (*const bpf_map_push_elem)(void *map, const void *value,
                                       unsigned long long flags) = (long (*)(void *, const void *,
                                                                             unsigned long long))87;
static long (*const bpf_map_pop_elem)(void *map, void *value) = (long (*)(void *, void *))88;
static long (*const bpf_map_peek_elem)(void *map, void *value) = (long (*)(void *, void *))89;
static void *(*const bpf_map_lookup_percpu_elem)(void *map, const void *key, unsigned int cpu) =
    (void *(*)(void *, const void *, unsigned int))195;

/** Print one line, for `winnowctl run --trace`; at most three values. */
#define bpf_printk(format, ...)                                                                    \
    ({                                                                                             \
        static const char text[] = format;                                                         \
        bpf_trace_printk(text, sizeof text, ##__VA_ARGS__);                                        \
    })
#endif

#if !defined(__LINUX_BPF_H__) && !defined(__VMLINUX_H__) /* <linux/bpf.h>, vmlinux.h */

enum {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PROG_ARRAY = 3,
    BPF_MAP_TYPE_PERCPU_HASH = 5,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
    BPF_MAP_TYPE_LPM_TRIE = 11,
    BPF_MAP_TYPE_QUEUE = 22,
    BPF_MAP_TYPE_STACK = 23,
    BPF_MAP_TYPE_BLOOM_FILTER = 30,
};

enum { BPF_F_NO_PREALLOC = 1 }; /* in map_flags: a trie needs it */

/** How the key of a trie begins: the bits that count, then the first of them. */
struct bpf_lpm_trie_key {
    unsigned int prefixlen;
    unsigned char data[];
};

enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST };

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

/** What r1 of an XDP program points to. */
struct xdp_md {
    unsigned int data;
    unsigned int data_end;
    unsigned int data_meta;
    unsigned int ingress_ifindex;
    unsigned int rx_queue_index;
    unsigned int egress_ifindex;
};

/** What r1 of socket and tc programs points to: its beginning; <linux/bpf.h> has all of it. */
struct __sk_buff {
    unsigned int len;
    unsigned int pkt_type;
    unsigned int mark;
    unsigned int queue_mapping;
    unsigned int protocol;
    unsigned int vlan_present;
    unsigned int vlan_tci;
    unsigned int vlan_proto;
    unsigned int priority;
    unsigned int ingress_ifindex;
    unsigned int ifindex;
    unsigned int tc_index;
    unsigned int cb[5];
    unsigned int hash;
    unsigned int tc_classid;
    unsigned int data;
    unsigned int data_end;
};
#endif
#endif

#ifdef __cplusplus
}
#endif
