/* SPDX-License-Identifier: MIT */
/** memcached over UDP: takes the key of a "get" off the packet and looks whether it is hot. */
#include "headers.h"

#define KEY_MAX 32

struct cache_key {
    char text[KEY_MAX];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1000);
    __type(key, struct cache_key);
    __type(value, __u64);
} hot SEC(".maps");

SEC("xdp") int xdp_cache(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    char *text = (char *)(udp + 1) + 8;
    struct cache_key key = {{0}};
    __u64 one = 1, *n;

    if ((void *)(text + 4) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    if (ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(11211))
        return XDP_PASS;
    if (text[0] != 'g' || text[1] != 'e' || text[2] != 't' || text[3] != ' ')
        return XDP_DROP;
    text += 4;
    for (int i = 0; i < KEY_MAX - 1; i++) {
        if ((void *)(text + i + 1) > end)
            return XDP_DROP;
        char c = text[i];
        if (c == '\r' || c == ' ')
            break;
        key.text[i] = c;
    }
    n = bpf_map_lookup_elem(&hot, &key);
    if (!n) {
        bpf_map_update_elem(&hot, &key, &one, BPF_ANY);
        return XDP_PASS;
    }
    return ++*n > 1000 ? XDP_TX : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
