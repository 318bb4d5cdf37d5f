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
struct bpf_fib_lookup;
struct bpf_spin_lock;
struct bpf_redir_neigh;
static long (*const bpf_skb_store_bytes)(void *skb, unsigned int offset, const void *from,
                                         unsigned int bytes, unsigned long long flags) =
    (long (*)(void *, unsigned int, const void *, unsigned int, unsigned long long))9;
static long (*const bpf_l3_csum_replace)(void *skb, unsigned int offset, unsigned long long from,
                                         unsigned long long to, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned long long, unsigned long long, unsigned long long))10;
static long (*const bpf_l4_csum_replace)(void *skb, unsigned int offset, unsigned long long from,
                                         unsigned long long to, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned long long, unsigned long long, unsigned long long))11;
static long (*const bpf_clone_redirect)(void *skb, unsigned int ifindex, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned long long))13;
static long (*const bpf_skb_vlan_push)(void *skb, __be16 proto,
                                       __u16 tci) = (long (*)(void *, __be16, __u16))18;
static long (*const bpf_skb_vlan_pop)(void *skb) = (long (*)(void *))19;
static unsigned int (*const bpf_get_route_realm)(void *skb) = (unsigned int (*)(void *))24;
static long (*const bpf_skb_change_proto)(void *skb, __be16 proto, unsigned long long flags) =
    (long (*)(void *, __be16, unsigned long long))31;
static long (*const bpf_skb_change_type)(void *skb,
                                         unsigned int type) = (long (*)(void *, unsigned int))32;
static unsigned int (*const bpf_get_hash_recalc)(void *skb) = (unsigned int (*)(void *))34;
static long (*const bpf_skb_change_tail)(void *skb, unsigned int bytes, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned long long))38;
static long (*const bpf_skb_pull_data)(void *skb,
                                       unsigned int bytes) = (long (*)(void *, unsigned int))39;
static long long (*const bpf_csum_update)(void *skb,
                                          unsigned int sum) = (long long (*)(void *,
                                                                             unsigned int))40;
static void (*const bpf_set_hash_invalid)(void *skb) = (void (*)(void *))41;
static long (*const bpf_get_numa_node_id)(void) = (long (*)(void))42;
static long (*const bpf_skb_change_head)(void *skb, unsigned int bytes, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned long long))43;
static unsigned int (*const bpf_set_hash)(void *skb,
                                          unsigned int hash) = (unsigned int (*)(void *,
                                                                                 unsigned int))48;
static long (*const bpf_skb_adjust_room)(void *skb, int bytes, unsigned int mode,
                                         unsigned long long flags) =
    (long (*)(void *, int, unsigned int, unsigned long long))50;
static long (*const bpf_xdp_adjust_meta)(struct xdp_md *context,
                                         int delta) = (long (*)(struct xdp_md *, int))54;
static long (*const bpf_skb_load_bytes_relative)(const void *skb, unsigned int offset, void *to,
                                                 unsigned int bytes, unsigned int start) =
    (long (*)(const void *, unsigned int, void *, unsigned int, unsigned int))68;
static long (*const bpf_fib_lookup)(void *context, struct bpf_fib_lookup *params, int bytes,
                                    unsigned int flags) = (long (*)(void *, struct bpf_fib_lookup *,
                                                                    int, unsigned int))69;
static long (*const bpf_spin_lock)(struct bpf_spin_lock *lock) =
    (long (*)(struct bpf_spin_lock *))93;
static long (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) =
    (long (*)(struct bpf_spin_lock *))94;
static long (*const bpf_skb_ecn_set_ce)(void *skb) = (long (*)(void *))97;
static long (*const bpf_ringbuf_output)(void *ring, void *data, unsigned long long bytes,
                                        unsigned long long flags) =
    (long (*)(void *, void *, unsigned long long, unsigned long long))130;
static void *(*const bpf_ringbuf_reserve)(void *ring, unsigned long long bytes,
                                          unsigned long long flags) =
    (void *(*)(void *, unsigned long long, unsigned long long))131;
static void (*const bpf_ringbuf_submit)(void *record, unsigned long long flags) =
    (void (*)(void *, unsigned long long))132;
static void (*const bpf_ringbuf_discard)(void *record, unsigned long long flags) =
    (void (*)(void *, unsigned long long))133;
static unsigned long long (*const bpf_ringbuf_query)(void *ring, unsigned long long what) =
    (unsigned long long (*)(void *, unsigned long long))134;
static long (*const bpf_csum_level)(void *skb,
                                    unsigned long long level) = (long (*)(void *,
                                                                          unsigned long long))135;
static long (*const bpf_redirect_neigh)(unsigned int ifindex, struct bpf_redir_neigh *params,
                                        int bytes, unsigned long long flags) =
    (long (*)(unsigned int, struct bpf_redir_neigh *, int, unsigned long long))152;
static long (*const bpf_redirect_peer)(unsigned int ifindex, unsigned long long flags) =
    (long (*)(unsigned int, unsigned long long))155;
static long (*const bpf_check_mtu)(void *context, unsigned int ifindex, unsigned int *length,
                                   int delta, unsigned long long flags) =
    (long (*)(void *, unsigned int, unsigned int *, int, unsigned long long))163;
/** Calls function(i, data), `times` times or until it returns 1. */
static long (*const bpf_loop)(unsigned int times, void *function, void *data,
                              unsigned long long flags) = (long (*)(unsigned int, void *, void *,
                                                                    unsigned long long))181;
static unsigned long long (*const bpf_xdp_get_buff_len)(struct xdp_md *context) =
    (unsigned long long (*)(struct xdp_md *))188;
static long (*const bpf_xdp_load_bytes)(struct xdp_md *context, unsigned int offset, void *to,
                                        unsigned int bytes) = (long (*)(struct xdp_md *,
                                                                        unsigned int, void *,
                                                                        unsigned int))189;
static long (*const bpf_xdp_store_bytes)(struct xdp_md *context, unsigned int offset, void *from,
                                         unsigned int bytes) = (long (*)(struct xdp_md *,
                                                                         unsigned int, void *,
                                                                         unsigned int))190;
static long (*const bpf_skb_set_tstamp)(void *skb, unsigned long long tstamp,
                                        unsigned int type) = (long (*)(void *, unsigned long long,
                                                                       unsigned int))192;
static long (*const bpf_xdp_adjust_head)(struct xdp_md *context,
                                         int delta) = (long (*)(struct xdp_md *, int))44;
static long (*const bpf_xdp_adjust_tail)(struct xdp_md *context,
                                         int delta) = (long (*)(struct xdp_md *, int))65;

static long (*const bpf_redirect_map)(void *map, unsigned long long key, unsigned long long flags) =
    (long (*)(void *, unsigned long long, unsigned long long))51;
static long (*const bpf_map_push_elem)(void *map, const void *value,
                                       unsigned long long flags) = (long (*)(void *, const void *,
                                                                             unsigned long long))87;
static long (*const bpf_map_pop_elem)(void *map, void *value) = (long (*)(void *, void *))88;
static long (*const bpf_map_peek_elem)(void *map, void *value) = (long (*)(void *, void *))89;
static void *(*const bpf_map_lookup_percpu_elem)(void *map, const void *key, unsigned int cpu) =
    (void *(*)(void *, const void *, unsigned int))195;

static unsigned long long (*const bpf_jiffies64)(void) = (unsigned long long (*)(void))118;
static unsigned long long (*const bpf_ktime_get_boot_ns)(void) = (unsigned long long (*)(void))125;
static unsigned long long (*const bpf_ktime_get_coarse_ns)(void) =
    (unsigned long long (*)(void))160;
static unsigned long long (*const bpf_ktime_get_tai_ns)(void) = (unsigned long long (*)(void))208;

/* Strings that are compared with and formats are constants of the object: static const char name[].
 */
static long (*const bpf_strtol)(const char *text, unsigned long bytes, unsigned long long base,
                                long *number) = (long (*)(const char *, unsigned long,
                                                          unsigned long long, long *))105;
static long (*const bpf_strtoul)(const char *text, unsigned long bytes, unsigned long long base,
                                 unsigned long *number) = (long (*)(const char *, unsigned long,
                                                                    unsigned long long,
                                                                    unsigned long *))106;
static long (*const bpf_strncmp)(const char *text, unsigned int bytes,
                                 const char *with) = (long (*)(const char *, unsigned int,
                                                               const char *))182;
static long (*const bpf_for_each_map_elem)(void *map, void *callback, void *data,
                                           unsigned long long flags) =
    (long (*)(void *, void *, void *, unsigned long long))164;
static long (*const bpf_snprintf)(char *to, unsigned int bytes, const char *format,
                                  unsigned long long *values, unsigned int values_bytes) =
    (long (*)(char *, unsigned int, const char *, unsigned long long *, unsigned int))165;
static long (*const bpf_trace_vprintk)(const char *format, unsigned int size, const void *values,
                                       unsigned int values_bytes) =
    (long (*)(const char *, unsigned int, const void *, unsigned int))177;

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
    BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,
    BPF_MAP_TYPE_PERCPU_HASH = 5,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
    BPF_MAP_TYPE_LPM_TRIE = 11,
    BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
    BPF_MAP_TYPE_HASH_OF_MAPS = 13,
    BPF_MAP_TYPE_DEVMAP = 14,
    BPF_MAP_TYPE_CPUMAP = 16,
    BPF_MAP_TYPE_XSKMAP = 17,
    BPF_MAP_TYPE_QUEUE = 22,
    BPF_MAP_TYPE_STACK = 23,
    BPF_MAP_TYPE_DEVMAP_HASH = 25,
    BPF_MAP_TYPE_RINGBUF = 27,
    BPF_MAP_TYPE_BLOOM_FILTER = 30,
};

/* Flags of bpf_ringbuf_output(), _submit() and _discard(), and what bpf_ringbuf_query() tells. */
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE, BPF_RB_CONS_POS, BPF_RB_PROD_POS };

enum { BPF_F_NO_PREALLOC = 1 }; /* in map_flags: a trie needs it */

/** How the key of a trie begins: the bits that count, then the first of them. */
struct bpf_lpm_trie_key {
    unsigned int prefixlen;
    unsigned char data[];
};

enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK = 4 };

/** In a value: held while several of its fields are changed that belong together. */
struct bpf_spin_lock {
    unsigned int val;
};

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

/* Flags and modes of the helpers above. */
enum {
    BPF_F_RECOMPUTE_CSUM = 1 << 0, /* skb_store_bytes */
    BPF_F_INVALIDATE_HASH = 1 << 1,
    BPF_F_HDR_FIELD_MASK =
        0xf, /* l3_csum_replace, l4_csum_replace: bytes that change; 0: a difference */
    BPF_F_PSEUDO_HDR = 1 << 4, /* l4_csum_replace */
    BPF_F_MARK_MANGLED_0 = 1 << 5,
    BPF_F_MARK_ENFORCE = 1 << 6,
    BPF_F_IPV6 = 1 << 7,
    BPF_F_INGRESS = 1 << 0, /* redirect, clone_redirect */
};

enum bpf_hdr_start_off { BPF_HDR_START_MAC, BPF_HDR_START_NET };

enum bpf_adj_room_mode { BPF_ADJ_ROOM_NET, BPF_ADJ_ROOM_MAC };

enum {
    BPF_F_ADJ_ROOM_FIXED_GSO = 1 << 0,
    BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 = 1 << 1,
    BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 = 1 << 2,
    BPF_F_ADJ_ROOM_ENCAP_L4_GRE = 1 << 3,
    BPF_F_ADJ_ROOM_ENCAP_L4_UDP = 1 << 4,
    BPF_F_ADJ_ROOM_NO_CSUM_RESET = 1 << 5,
    BPF_F_ADJ_ROOM_ENCAP_L2_ETH = 1 << 6,
    BPF_F_ADJ_ROOM_DECAP_L3_IPV4 = 1 << 7,
    BPF_F_ADJ_ROOM_DECAP_L3_IPV6 = 1 << 8,
};
#define BPF_F_ADJ_ROOM_ENCAP_L2(bytes) (((__u64)(bytes)&0xff) << 56)

enum { BPF_CSUM_LEVEL_QUERY, BPF_CSUM_LEVEL_INC, BPF_CSUM_LEVEL_DEC, BPF_CSUM_LEVEL_RESET };

enum { BPF_SKB_CLOCK_REALTIME, BPF_SKB_CLOCK_MONOTONIC, BPF_SKB_CLOCK_TAI };

enum {
    BPF_FIB_LOOKUP_DIRECT = 1 << 0,
    BPF_FIB_LOOKUP_OUTPUT = 1 << 1,
    BPF_FIB_LOOKUP_SKIP_NEIGH = 1 << 2,
    BPF_FIB_LOOKUP_TBID = 1 << 3,
    BPF_FIB_LOOKUP_SRC = 1 << 4,
    BPF_FIB_LOOKUP_MARK = 1 << 5,
};

enum {
    BPF_FIB_LKUP_RET_SUCCESS,
    BPF_FIB_LKUP_RET_BLACKHOLE,
    BPF_FIB_LKUP_RET_UNREACHABLE,
    BPF_FIB_LKUP_RET_PROHIBIT,
    BPF_FIB_LKUP_RET_NOT_FWDED,
    BPF_FIB_LKUP_RET_FWD_DISABLED,
    BPF_FIB_LKUP_RET_UNSUPP_LWT,
    BPF_FIB_LKUP_RET_NO_NEIGH,
    BPF_FIB_LKUP_RET_FRAG_NEEDED,
    BPF_FIB_LKUP_RET_NO_SRC_ADDR,
};

enum { BPF_MTU_CHK_SEGS = 1 };

enum { BPF_MTU_CHK_RET_SUCCESS, BPF_MTU_CHK_RET_FRAG_NEEDED, BPF_MTU_CHK_RET_SEGS_TOOBIG };

/** What bpf_fib_lookup() is asked, and what it says. */
struct bpf_fib_lookup {
    __u8 family; /* 2: IPv4, 10: IPv6 */
    __u8 l4_protocol;
    __be16 sport;
    __be16 dport;
    union {
        __u16 tot_len;
        __u16 mtu_result;
    };
    __u32 ifindex;
    union {
        __u8 tos;
        __be32 flowinfo;
        __u32 rt_metric;
    };
    union {
        __be32 ipv4_src;
        __u32 ipv6_src[4];
    };
    union {
        __be32 ipv4_dst;
        __u32 ipv6_dst[4];
    };
    union {
        struct {
            __be16 h_vlan_proto;
            __be16 h_vlan_TCI;
        };
        __u32 tbid;
    };
    union {
        __u32 mark;
        struct {
            __u8 smac[6];
            __u8 dmac[6];
        };
    };
};

/** The next hop that bpf_redirect_neigh() is told. */
struct bpf_redir_neigh {
    __u32 nh_family; /* as above */
    union {
        __be32 ipv4_nh;
        __u32 ipv6_nh[4];
    };
};

#ifndef __LINUX_PKT_CLS_H /* <linux/pkt_cls.h> */
/* What tc programs return. */
#define TC_ACT_UNSPEC     (-1)
#define TC_ACT_OK         0
#define TC_ACT_RECLASSIFY 1
#define TC_ACT_SHOT       2
#define TC_ACT_PIPE       3
#define TC_ACT_STOLEN     4
#define TC_ACT_QUEUED     5
#define TC_ACT_REPEAT     6
#define TC_ACT_REDIRECT   7
#define TC_ACT_TRAP       8
#endif

/** What r1 of an XDP program points to. */
struct xdp_md {
    unsigned int data;
    unsigned int data_end;
    unsigned int data_meta;
    unsigned int ingress_ifindex;
    unsigned int rx_queue_index;
    unsigned int egress_ifindex;
};

/** What r1 of socket and tc programs points to; what nobody may use here has no name. */
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
    unsigned int napi_id;
    unsigned int nothing_1[13];
    unsigned int data_meta;
    __u64 nothing_2 __attribute__((aligned(8)));
    __u64 tstamp;
    unsigned int wire_len;
    unsigned int gso_segs;
    __u64 sk __attribute__((aligned(8)));
    unsigned int gso_size;
    __u8 tstamp_type;
    __u64 hwtstamp __attribute__((aligned(8)));
};
#endif
#endif

#ifdef __cplusplus
}
#endif
