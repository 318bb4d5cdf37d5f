/* SPDX-License-Identifier: MIT */
/** Lowers the segment size that TCP connections begin with: a walk through options. */
#include "net.h"

#define WANTED  1200
#define OPTIONS 12

struct option {
    __u8 kind, length;
    __be16 mss;
} __attribute__((packed));

/** Find the option and change it; how many options there were. */
static __attribute__((noinline)) int clamp(struct xdp_md *ctx, __u32 tcp_at, __u32 bytes)
{
    __u32 at = tcp_at + sizeof(struct tcphdr), count = 0;
    for (int i = 0; i < OPTIONS; i++) {
        struct cursor c = CURSOR(ctx), t = c;
        if (bytes == 0 || bytes > 40)
            break;
        if (!take(&t, tcp_at & 127) || !take(&c, at & 255))
            return -1;
        struct tcphdr *tcp = TAKE(&t, struct tcphdr);
        struct option *option = TAKE(&c, struct option);
        if (!tcp || !option)
            return -2;
        count++;
        if (option->kind == 0)
            break;
        __u32 step = 1;
        if (option->kind != 1) {
            if (option->length < 2)
                return -3;
            step = option->length;
        }
        if (option->kind == 2 && option->length == 4 && bpf_ntohs(option->mss) > WANTED) {
            __u16 now = bpf_htons(WANTED), before = option->mss;
            bool odd = (at - tcp_at) & 1;
            tcp->check = replace16(tcp->check, odd ? __builtin_bswap16(before) : before,
                                   odd ? __builtin_bswap16(now) : now);
            option->mss = now;
            return 1000 + count;
        }
        at += step;
        bytes -= step;
    }
    return count;
}

SEC("xdp") int xdp_mss(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan;
    int proto = take_ethernet(&c, &vlan);
    if (proto == ETH_P_IP) {
        struct iphdr *ip = take_ip4(&c);
        if (!ip || ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(0x1fff))
            return XDP_PASS;
    } else if (proto == ETH_P_IPV6) {
        struct ipv6hdr *ip = TAKE(&c, struct ipv6hdr);
        if (!ip || ip->nexthdr != IPPROTO_TCP)
            return XDP_PASS;
    } else {
        return XDP_PASS;
    }
    __u32 tcp_at = c.at - (void *)(long)ctx->data;
    struct tcphdr *tcp = TAKE(&c, struct tcphdr);
    if (!tcp || tcp->doff < 5)
        return XDP_DROP;
    return clamp(ctx, tcp_at, tcp->doff * 4 - sizeof *tcp);
}

char _license[] SEC("license") = "GPL";
