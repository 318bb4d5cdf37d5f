/* SPDX-License-Identifier: MIT */
/** Robust against anything: walks IPv4 options and IPv6 chains, hashes what it saw, byte by byte.
 */
#include "net.h"

static __always_inline __u32 step(__u32 hash, __u8 byte)
{
    return (hash ^ byte) * 0x01000193;
}

/** The options as RFC 791 has them; what is wrong ends the walk. */
static __attribute__((noinline)) __u32 walk_options(struct __sk_buff *skb, __u32 at, __u32 bytes)
{
    __u32 hash = 0x811c9dc5;
    for (int i = 0; i < 20; i++) {
        struct cursor c = CURSOR(skb);
        if (bytes == 0 || bytes > 40)
            break;
        /* A mask in each turn: the kernel's verifier sees that all paths lead to the same. */
        if (!take(&c, at & 127))
            break;
        __u8 *kind = TAKE(&c, __u8), *length;
        if (!kind)
            break;
        hash = step(hash, *kind);
        if (*kind == 0)
            break;
        __u32 step_bytes = 1;
        if (*kind != 1) {
            length = TAKE(&c, __u8);
            if (!length || *length < 2)
                break;
            hash = step(hash, *length);
            step_bytes = *length;
        }
        at += step_bytes;
        bytes -= step_bytes;
    }
    return hash;
}

/** Hash of up to 64 bytes, however many there are. */
static __attribute__((noinline)) __u32 hash_payload(struct __sk_buff *skb, __u32 at)
{
    __u32 hash = 0x811c9dc5;
    for (int i = 0; i < 64; i++) {
        struct cursor c = CURSOR(skb);
        if (!take(&c, (at + i) & 255))
            break;
        __u8 *byte = TAKE(&c, __u8);
        if (!byte)
            break;
        hash = step(hash, *byte);
    }
    return hash;
}

SEC("classifier") int tc_options(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    __u16 vlan = 0;
    int type = take_ethernet(&c, &vlan);
    if (type < 0)
        return TC_ACT_SHOT;
    __u32 at = c.at - (void *)(long)skb->data;
    if (type == ETH_P_IP) {
        struct iphdr *ip = TAKE(&c, struct iphdr);
        if (!ip)
            return TC_ACT_SHOT;
        __u32 words = ip->ihl;
        if (words < 5)
            return TC_ACT_STOLEN;
        skb->mark = walk_options(skb, at + sizeof *ip, words * 4 - sizeof *ip);
        skb->priority = hash_payload(skb, at + words * 4);
    } else {
        skb->priority = hash_payload(skb, at);
    }
    return skb->priority & 1 ? TC_ACT_OK : TC_ACT_PIPE;
}

char _license[] SEC("license") = "GPL";
