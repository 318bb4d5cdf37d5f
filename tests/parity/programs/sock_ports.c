/* SPDX-License-Identifier: MIT */
/** A socket filter that copies headers out, counts bytes by port and keeps the beginning alone. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 4096);
} ports SEC(".maps");

SEC("socket") int sock_ports(struct __sk_buff *skb)
{
    struct iphdr ip;
    struct udphdr udp;
    __u8 tail[8];
    if (skb->protocol != bpf_htons(ETH_P_IP))
        return 0;
    if (bpf_skb_load_bytes(skb, 0, &ip, sizeof ip) || ip.ihl < 5)
        return 0;
    if (ip.protocol != IPPROTO_TCP && ip.protocol != IPPROTO_UDP)
        return 34;
    if (bpf_skb_load_bytes(skb, ip.ihl * 4, &udp, sizeof udp))
        return 1;
    __u32 key = (__u32)ip.protocol << 16 | bpf_ntohs(udp.dest);
    __u64 *bytes = bpf_map_lookup_elem(&ports, &key), first = skb->len;
    if (bytes)
        __sync_fetch_and_add(bytes, skb->len);
    else
        bpf_map_update_elem(&ports, &key, &first, BPF_ANY);
    long r = bpf_skb_load_bytes(skb, skb->len - sizeof tail, tail, sizeof tail);
    skb->cb[0] = tail[0];
    if (r)
        return 2;
    return ip.ihl * 4 + 8 + (tail[7] & 15) + skb->cb[0];
}

char _license[] SEC("license") = "GPL";
