/* SPDX-License-Identifier: MIT */
/** A socket's filter that copies headers to the stack and counts by what it finds in them. */
#include "headers.h"

struct key {
    __u16 ether;
    __u8 proto;
    __u8 low; /* port below 1024 */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct key);
    __type(value, __u64);
} counts SEC(".maps");

SEC("socket") int sock_dissect(struct __sk_buff *skb)
{
    struct iphdr ip;
    struct port_pair ports;
    struct key key = {0};
    __u64 one = 1, *n;

    key.ether = bpf_ntohs(skb->protocol);
    if (key.ether == ETH_P_IP) {
        if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof ip) < 0)
            return 0;
        key.proto = ip.protocol;
        if (ip.protocol == IPPROTO_TCP || ip.protocol == IPPROTO_UDP) {
            if (bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4, &ports, sizeof ports) < 0)
                return 0;
            key.low = bpf_ntohs(ports.source) < 1024 || bpf_ntohs(ports.dest) < 1024;
        }
    }
    n = bpf_map_lookup_elem(&counts, &key);
    if (n)
        __sync_fetch_and_add(n, 1);
    else
        bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
    return skb->len;
}

char _license[] SEC("license") = "GPL";
