/* SPDX-License-Identifier: MIT */
/** Numbers to give away on a stack: who is new takes one, who says good-bye gives it back. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_STACK);
    __type(value, __u32);
    __uint(max_entries, 40);
} numbers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, __u32);
    __uint(max_entries, 256);
} taken SEC(".maps");

static __u32 fresh;

SEC("xdp") int xdp_stack(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 number, top, *mine;
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return XDP_DROP;
    __be32 who = ip->saddr;
    mine = bpf_map_lookup_elem(&taken, &who);
    if (mine) {
        number = *mine;
        if (ip->ttl & 3)
            return 5000 + (int)number;
        long r = bpf_map_push_elem(&numbers, mine, BPF_ANY);
        bpf_map_delete_elem(&taken, &who);
        return bpf_map_peek_elem(&numbers, &top) ? -1 : 6000 + (int)(top * 10) + (int)r;
    }
    if (bpf_map_pop_elem(&numbers, &number))
        number = ++fresh + number; /* which is 0 then */
    if (number % 7 == 0)
        return bpf_map_push_elem(&numbers, &number, BPF_EXIST) ? -2 : 7000;
    return 8000 + (int)number + (int)bpf_map_update_elem(&taken, &who, &number, BPF_NOEXIST);
}

char _license[] SEC("license") = "GPL";
