/* SPDX-License-Identifier: MIT */
/** More values alive than there are registers: packet pointers, map values and numbers on the
 * stack. */
#include "headers.h"

struct record {
    __u64 a, b, c, d;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct record);
} records SEC(".maps");

SEC("xdp") int xdp_spill(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct tcphdr *tcp = (void *)(ip + 1);
    struct record *r[4];

    if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_TCP || ip->ihl != 5)
        return XDP_PASS;
    __u64 now = bpf_ktime_get_ns();
    __u32 noise = bpf_get_prandom_u32(), key = 0;
    r[0] = bpf_map_lookup_elem(&records, &key);
    key = 1;
    r[1] = bpf_map_lookup_elem(&records, &key);
    key = 2;
    r[2] = bpf_map_lookup_elem(&records, &key);
    key = 3;
    r[3] = bpf_map_lookup_elem(&records, &key);
    if (!r[0] || !r[1] || !r[2] || !r[3])
        return XDP_ABORTED;

    /* Everything found above is used below, in another order. */
    r[3]->a += bpf_ntohl(tcp->seq);
    r[2]->b ^= now;
    r[1]->c += bpf_ntohs(tcp->window);
    r[0]->d = r[0]->d * 31 + ip->saddr;
    r[3]->b = r[2]->b + noise;
    r[2]->c += r[1]->c >> 3;
    r[1]->d = bpf_ntohl(tcp->ack_seq);
    r[0]->a += ip->ttl + eth->h_source[5];
    __u64 mean = (r[0]->a + r[1]->c + r[2]->c + r[3]->a) / 4;
    if (mean > now && (noise & 15) == 0)
        return XDP_DROP;
    tcp->urg_ptr = 0;
    return eth->h_dest[0] & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
