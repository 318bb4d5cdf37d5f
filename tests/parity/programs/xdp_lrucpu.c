/* SPDX-License-Identifier: MIT */
/** Flows counted on each CPU, in a map that forgets those of which nothing comes any more. */
#include "net.h"

struct flow {
    __be32 from, to;
    __u8 protocol, padding[3];
};

struct counts {
    __u64 packets, bytes;
    __u8 last, padding[7];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
    __type(key, struct flow);
    __type(value, struct counts);
    __uint(max_entries, 8192);
} flows SEC(".maps");

SEC("xdp") int xdp_lrucpu(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u32 length = (__u32)(c.end - c.at);
    __u16 vlan;
    if (take_ethernet(&c, &vlan) != ETH_P_IP)
        return XDP_PASS;
    struct iphdr *ip = take_ip4(&c);
    if (!ip)
        return XDP_DROP;
    struct flow f = {ip->saddr, ip->daddr, ip->protocol, {0}};
    struct counts new = {1, length, ip->ttl, {0}}, *known = bpf_map_lookup_elem(&flows, &f);
    if (!known)
        return bpf_map_update_elem(&flows, &f, &new, BPF_NOEXIST) ? -1 : 1;
    known->packets++;
    known->bytes += length;
    struct counts *same = bpf_map_lookup_percpu_elem(&flows, &f, bpf_get_smp_processor_id());
    if (!same || bpf_map_lookup_percpu_elem(&flows, &f, 100000))
        return -2;
    same->last ^= ip->ttl;
    if (known->packets > 20)
        return 5 + (int)bpf_map_delete_elem(&flows, &f);
    return (int)(known->packets * 1000 + (known->bytes & 511)) + known->last;
}

char _license[] SEC("license") = "GPL";
