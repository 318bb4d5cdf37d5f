/* SPDX-License-Identifier: MIT */
/** The name that a DNS query asks for, in small letters, as the key of a list of refused names. */
#include "headers.h"

#define NAME_BYTES 48

struct dns_hdr {
    __be16 id;
    __be16 flags;
    __be16 questions;
    __be16 answers;
    __be16 authorities;
    __be16 more;
};

struct name {
    __u8 text[NAME_BYTES];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 512);
    __type(key, struct name);
    __type(value, __u32);
} refused SEC(".maps");

SEC("xdp") int xdp_qname(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    struct dns_hdr *dns = (void *)(udp + 1);
    struct name name = {0};

    if ((void *)(dns + 1) > end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != IPPROTO_UDP)
        return XDP_PASS;
    if (udp->dest != bpf_htons(53) || dns->questions != bpf_htons(1))
        return XDP_PASS;

    __u8 *at = (__u8 *)(dns + 1);
    __u32 left = 0;
    int i;
    for (i = 0; i < NAME_BYTES; i++) {
        if ((void *)(at + i + 1) > end)
            return XDP_DROP;
        __u8 c = at[i];
        if (left == 0) {
            if (c == 0)
                break;
            if (c > 63)
                return XDP_DROP;
            left = c;
        } else {
            if (c >= 'A' && c <= 'Z')
                c += 'a' - 'A';
            left--;
        }
        name.text[i] = c;
    }
    if (i == NAME_BYTES)
        return XDP_PASS;
    __u32 *action = bpf_map_lookup_elem(&refused, &name);
    return action ? (int)*action : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
