/* SPDX-License-Identifier: MIT */
/** What a socket filter finds of headers that lie before what it counts from. */
#include "net.h"

SEC("socket") int sock_relative(struct __sk_buff *skb)
{
    struct ethhdr eth;
    __u8 ip[20], more[4] = {0};
    __u32 hash = 1;
    long r = bpf_skb_load_bytes_relative(skb, 0, &eth, sizeof eth, BPF_HDR_START_MAC);
    if (r)
        return 0;
    for (int i = 0; i < 12; i++)
        hash = hash * 31 + ((__u8 *)&eth)[i];
    r = bpf_skb_load_bytes_relative(skb, 0, ip, sizeof ip, BPF_HDR_START_NET);
    if (r)
        return eth.h_proto;
    for (int i = 0; i < 20; i++)
        hash = hash * 31 + ip[i];
    r = bpf_skb_load_bytes_relative(skb, skb->len - 4, more, sizeof more, BPF_HDR_START_NET);
    hash = hash * 31 + r + more[0] + more[3];
    r = bpf_skb_load_bytes_relative(skb, skb->len - 3, more, sizeof more, BPF_HDR_START_NET);
    hash = hash * 31 + r + more[0] + more[3];
    r = bpf_skb_load_bytes_relative(skb, 14, more, sizeof more, 2);
    hash = hash * 31 + r + more[1];
    r = bpf_skb_load_bytes_relative(skb, 0x10000, more, sizeof more, BPF_HDR_START_MAC);
    skb->cb[1] = hash;
    return hash + r + bpf_get_numa_node_id();
}

char _license[] SEC("license") = "GPL";
