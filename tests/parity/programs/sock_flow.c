/* SPDX-License-Identifier: MIT */
/** A flow dissector of tail calls and packet loads; what it knows travels in cb[]. */
#include "net.h"

unsigned long long load_byte(void *skb, unsigned long long at) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long at) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long at) asm("llvm.bpf.load.word");

enum { TO_4, TO_6, TO_TAG, TO_PORTS };
enum { AT, SOURCE, DEST, PROTO };

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
    __uint(max_entries, 8);
} jumps SEC(".maps");

struct flow {
    __u32 source, dest, ports, proto;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct flow);
    __type(value, __u64);
    __uint(max_entries, 4096);
} flows SEC(".maps");

static __always_inline void follow(struct __sk_buff *skb, __u32 type)
{
    switch (type) {
    case ETH_P_IP: bpf_tail_call(skb, &jumps, TO_4); break;
    case ETH_P_IPV6: bpf_tail_call(skb, &jumps, TO_6); break;
    case ETH_P_8021Q:
    case ETH_P_8021AD: bpf_tail_call(skb, &jumps, TO_TAG); break;
    }
}

SEC("socket") int sock_flow_tag(struct __sk_buff *skb)
{
    __u32 at = skb->cb[AT];
    skb->cb[AT] = at + 4;
    follow(skb, load_half(skb, at + 2));
    return 7;
}

SEC("socket") int sock_flow_4(struct __sk_buff *skb)
{
    __u32 at = skb->cb[AT], first = load_byte(skb, at);
    skb->cb[SOURCE] = load_word(skb, at + 12);
    skb->cb[DEST] = load_word(skb, at + 16);
    skb->cb[PROTO] = load_byte(skb, at + 9);
    skb->cb[AT] = at + (first & 15) * 4;
    if (skb->cb[PROTO] == IPPROTO_IPIP)
        follow(skb, ETH_P_IP);
    if (skb->cb[PROTO] == IPPROTO_IPV6)
        follow(skb, ETH_P_IPV6);
    bpf_tail_call(skb, &jumps, TO_PORTS);
    return 4;
}

SEC("socket") int sock_flow_6(struct __sk_buff *skb)
{
    __u32 at = skb->cb[AT];
    skb->cb[SOURCE] = load_word(skb, at + 20);
    skb->cb[DEST] = load_word(skb, at + 36);
    skb->cb[PROTO] = load_byte(skb, at + 6);
    skb->cb[AT] = at + 40;
    bpf_tail_call(skb, &jumps, TO_PORTS);
    return 6;
}

SEC("socket") int sock_flow_ports(struct __sk_buff *skb)
{
    struct flow f = {skb->cb[SOURCE], skb->cb[DEST], 0, skb->cb[PROTO]};
    __u64 one = 1, *count;
    if (f.proto == IPPROTO_TCP || f.proto == IPPROTO_UDP)
        f.ports = load_word(skb, skb->cb[AT]);
    count = bpf_map_lookup_elem(&flows, &f);
    if (!count)
        return bpf_map_update_elem(&flows, &f, &one, BPF_ANY) ? 1 : 0xffff;
    *count += 1;
    return *count;
}

SEC("socket") int sock_flow(struct __sk_buff *skb)
{
    skb->cb[AT] = 0;
    follow(skb, load_half(skb, -0x200000 + 12));
    return 2;
}

char _license[] SEC("license") = "GPL";
