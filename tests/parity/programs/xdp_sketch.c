/* SPDX-License-Identifier: MIT */
/** A count-min sketch and a bitmap of who was seen, with atomics where the instruction set has
 * them. */
#include "net.h"

#define ROWS    3
#define COLUMNS 64
#define WORDS   32

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u32[COLUMNS]);
    __uint(max_entries, ROWS);
} sketch SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64[WORDS + 4]);
    __uint(max_entries, 1);
} bitmap SEC(".maps");

#if ISA > 2
#define ADD(at, value)            __sync_fetch_and_add(at, value)
#define OR(at, value)             __sync_fetch_and_or(at, value)
#define AND(at, value)            __sync_fetch_and_and(at, value)
#define XOR(at, value)            __sync_fetch_and_xor(at, value)
#define EXCHANGE(at, value)       __sync_lock_test_and_set(at, value)
#define REPLACE(at, expect, with) __sync_val_compare_and_swap(at, expect, with)
#else
#define PLAIN(at, with)                                                                            \
    ({                                                                                             \
        __typeof__(*(at)) kept = *(at);                                                            \
        *(at) = (with);                                                                            \
        kept;                                                                                      \
    })
#define ADD(at, value)            PLAIN(at, *(at) + (value))
#define OR(at, value)             PLAIN(at, *(at) | (value))
#define AND(at, value)            PLAIN(at, *(at) & (value))
#define XOR(at, value)            PLAIN(at, *(at) ^ (value))
#define EXCHANGE(at, value)       PLAIN(at, value)
#define REPLACE(at, expect, with) PLAIN(at, *(at) == (expect) ? (with) : *(at))
#endif

static __always_inline __u32 scramble(__u32 x, __u32 seed)
{
    x = (x ^ seed) * 0x85ebca6b;
    x ^= x >> 13;
    x *= 0xc2b2ae35;
    return x ^ x >> 16;
}

static __always_inline __u32 count(__u32 id)
{
    __u32 least = ~0u;
    for (__u32 row = 0; row < ROWS; row++) {
        __u32 key = row, *columns = bpf_map_lookup_elem(&sketch, &key);
        if (!columns)
            return 0;
        __u32 before = ADD(&columns[scramble(id, row * 77 + 1) % COLUMNS], 1);
        if (before < least)
            least = before;
    }
    return least;
}

SEC("xdp") int xdp_sketch(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return XDP_DROP;
    __u32 seen = count(ip->saddr), zero = 0;
    __u64 *words = bpf_map_lookup_elem(&bitmap, &zero);
    if (!words)
        return XDP_ABORTED;
    __u32 place = scramble(ip->daddr, 9);
    __u64 bit = 1ull << (place & 63);
    __u64 before = OR(&words[place / 64 % WORDS], bit);
    __u64 last = EXCHANGE(&words[WORDS], (__u64)ip->id);
    __u64 most = REPLACE(&words[WORDS + 1], (__u64)seen, (__u64)seen + 1);
    __u64 mixed = XOR(&words[WORDS + 2], last * 0x9e3779b97f4a7c15ull);
    if (ip->ttl < 3)
        AND(&words[place / 64 % WORDS], ~bit);
    ADD(&words[WORDS + 3], mixed >> 60);
    return (before & bit ? 100 : 200) + seen + (most == seen ? 1000 : 0) + (mixed & 1 ? 5000 : 0);
}

char _license[] SEC("license") = "GPL";
