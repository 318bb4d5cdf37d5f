/* SPDX-License-Identifier: MIT */
/** A trie of IPv4 prefixes: counters of the longest one, which grow longer, and shorter again. */
#include "net.h"

struct address {
    __u32 bits;
    __u8 bytes[4];
};

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __type(key, struct address);
    __type(value, __u64);
    __uint(max_entries, 500);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} prefixes SEC(".maps");

SEC("xdp") int xdp_prefixes(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct address key = {32, {0}};
    __u64 one = 1, *count;
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return XDP_DROP;
    __builtin_memcpy(key.bytes, &ip->saddr, 4);
    count = bpf_map_lookup_elem(&prefixes, &key);
    if (count && *count < 3) {
        *count += 1;
        return 1000 + (int)*count;
    }
    /* Whose prefix counts too much gets one of its own, of any length; then the length goes. */
    key.bits = ip->ttl & 1 ? 32 : ip->saddr >> 24 & 31;
    long r = bpf_map_update_elem(&prefixes, &key, &one, count ? BPF_ANY : BPF_NOEXIST);
    if (ip->ttl % 5 == 0) {
        key.bits -= key.bits > 8 ? 8 : 0;
        r = r * 100 + bpf_map_delete_elem(&prefixes, &key);
    }
    if (ip->ttl == 255) {
        key.bits = 33;
        r = r * 100 + bpf_map_update_elem(&prefixes, &key, &one, BPF_ANY);
        r = r * 100 + bpf_map_delete_elem(&prefixes, &key);
        return bpf_map_lookup_elem(&prefixes, &key) ? -1 : (int)r;
    }
    return (int)r;
}

char _license[] SEC("license") = "GPL";
