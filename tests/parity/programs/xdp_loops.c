/* SPDX-License-Identifier: MIT */
/** Goes over TCP's options with bpf_loop(), sums bytes in loops within each other, and counts in a
 * variable. */
#include "net.h"

struct options {
    __u8 *start;
    __u8 *end;
    __u32 at;
    __u32 left;
    __u32 seen; /* kinds, as bits */
    __u16 mss;
};

static long next_option(__u64 i, void *arg)
{
    struct options *o = arg;
    if (o->at > 40)
        return 1;
    __u8 *p = o->start + o->at;
    if (o->left == 0 || p + 4 > o->end)
        return 1;
    __u32 kind = p[0], bytes = kind == 1 ? 1 : p[1];
    if (kind == 0 || bytes == 0 || bytes > o->left)
        return 1;
    o->seen |= 1u << (kind & 31);
    if (kind == 2 && bytes == 4)
        o->mss = p[2] << 8 | p[3];
    o->at += bytes;
    o->left -= bytes;
    return 0;
}

struct sums {
    __u32 row, sum;
    __u8 seen[8];
};

static long add_byte(__u64 i, void *arg)
{
    struct sums *s = arg;
    s->sum += s->row * 31 + (__u32)i;
    s->seen[i & 7] += 1;
    return 0;
}

static long add_row(__u64 i, void *arg)
{
    struct sums *s = arg;
    s->row = i;
    return bpf_loop(8, add_byte, s, 0) != 8;
}

__u32 total;

static long count(__u64 i, void *arg)
{
    total += 1;
    return 0;
}

SEC("xdp") int xdp_loops(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return XDP_DROP;
    struct sums s = {0};
    __u32 rows = bpf_loop(ip->ihl, add_row, &s, 0);
    long big = bpf_loop((1 << 23) + 1, count, 0, 0);
    if ((int)big != -7 || bpf_loop(5, count, 0, 1) != -22)
        return XDP_ABORTED;
    bpf_loop(ip->ttl, count, 0, 0);
    if (ip->protocol != IPPROTO_TCP || ip->ihl != 5)
        return ((s.sum + rows + s.seen[3]) & 0xffff) | (big >> 40 & 1) << 16;
    struct tcphdr *tcp = TAKE(&c, struct tcphdr);
    if (!tcp)
        return XDP_DROP;
    struct options o = {.start = c.at, .end = c.end, .left = (tcp->doff - 5) * 4u};
    long n = bpf_loop(40, next_option, &o, 0);
    return (o.seen ^ o.mss ^ (n << 20)) + s.sum;
}

char _license[] SEC("license") = "GPL";
