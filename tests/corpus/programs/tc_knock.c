/* SPDX-License-Identifier: MIT */
/** Three ports in the right order within ten seconds open the fourth for a minute. */
#include "headers.h"

struct knocker {
    __u64 when;
    __u32 step;
    __u32 tries;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __be32);
    __type(value, struct knocker);
} knockers SEC(".maps");

const volatile __u16 sequence[3] = {7000, 8000, 9000};
const volatile __u16 guarded = 22;

SEC("tc") int tc_knock(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct tcphdr *tcp = (void *)(ip + 1);

    if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    if (ip->protocol != IPPROTO_TCP || ip->ihl != 5 || !tcp->syn || tcp->ack)
        return TC_ACT_OK;
    __u16 port = bpf_ntohs(tcp->dest);
    __be32 who = ip->saddr;
    __u64 now = bpf_ktime_get_ns();
    struct knocker *k = bpf_map_lookup_elem(&knockers, &who);
    if (!k) {
        struct knocker fresh = {now, port == sequence[0], 1};
        bpf_map_update_elem(&knockers, &who, &fresh, BPF_ANY);
        return port == guarded ? TC_ACT_SHOT : TC_ACT_OK;
    }
    __u32 step = k->step;
    if (port == guarded)
        return step == 3 && now - k->when < 60000000000ull ? TC_ACT_OK : TC_ACT_SHOT;
    if (step < 3) {
        if (sequence[step] == port && now - k->when < 10000000000ull) {
            k->step = step + 1;
        } else {
            k->step = 0;
            k->tries++;
        }
        k->when = now;
    }
    return k->tries > 100 ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
