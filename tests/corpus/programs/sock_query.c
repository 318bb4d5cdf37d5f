/* SPDX-License-Identifier: MIT */
/** DNS on a socket: a name in a buffer on the stack, a variable number of bytes of it loaded. */
#include "headers.h"

#define NAME_MAX 64

struct name {
    __u8 text[NAME_MAX];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1000);
    __type(key, struct name);
    __type(value, __u64);
} names SEC(".maps");

SEC("socket") int sock_query(struct __sk_buff *skb)
{
    struct name name = {0};
    struct udphdr udp;
    __u32 at = ETH_HLEN + sizeof(struct iphdr), bytes;
    __u64 one = 1, *n;

    if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, at, &udp, sizeof udp))
        return 0;
    if (udp.dest != bpf_htons(53))
        return 0;
    at += sizeof udp + 12;
    if (skb->len <= at)
        return 0;
    bytes = skb->len - at;
    if (bytes > NAME_MAX - 1)
        bytes = NAME_MAX - 1;
    asm volatile("" : "+r"(bytes));
    bytes &= NAME_MAX - 1;
    if (bytes == 0)
        return 0;
    if (bpf_skb_load_bytes(skb, at, name.text, bytes))
        return 0;
    bool after = false;
#pragma clang loop unroll(disable)
    for (int i = 0; i < NAME_MAX; i++) {
        if (name.text[i] == 0)
            after = true;
        if (after)
            name.text[i] = 0;
        else if (name.text[i] >= 'A' && name.text[i] <= 'Z')
            name.text[i] |= 32;
    }
    n = bpf_map_lookup_elem(&names, &name);
    if (n)
        *n += 1;
    else
        bpf_map_update_elem(&names, &name, &one, BPF_ANY);
    return -1;
}

char _license[] SEC("license") = "GPL";
