/* SPDX-License-Identifier: MIT */
/** Settings in constants, tables in variables: all kinds of sections for data. */
#include "headers.h"

const volatile bool drop_fragments = true;
const volatile __u8 least_ttl = 2;
const volatile __u16 allowed[8] = {22, 53, 80, 123, 443, 853, 8080, 8443};
static volatile const __u32 n_allowed = 8;

__u64 verdicts[5];
__u32 last_source = 0xffffffff;
static __u64 too_old;

static __always_inline int say(int action)
{
    verdicts[action % 5]++;
    return action;
}

SEC("xdp") int xdp_settings(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *p = (void *)(ip + 1);

    if ((void *)(p + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return say(XDP_PASS);
    last_source = ip->saddr;
    if (drop_fragments && ip->frag_off & bpf_htons(IP_MORE | IP_OFFSET))
        return say(XDP_DROP);
    if (ip->ttl < least_ttl) {
        too_old++;
        return say(XDP_ABORTED);
    }
    if (ip->ihl != 5)
        return say(XDP_DROP);
    __u16 port = bpf_ntohs(p->dest);
    for (__u32 i = 0; i < 8 && i < n_allowed; i++)
        if (allowed[i] == port)
            return say(XDP_PASS);
    return say(port > 1024 ? XDP_PASS : XDP_DROP);
}

char _license[] SEC("license") = "GPL";
