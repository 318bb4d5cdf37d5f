/* SPDX-License-Identifier: MIT */
/** Tells of each packet in a ring buffer, and of the strange ones twice. */
#include "net.h"

struct seen {
    __u32 bytes;
    __u16 ether;
    __u8 proto;
    __u8 why;
    __be32 from, to;
    __u8 first[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} seen SEC(".maps");

__u64 lost, dropped;

/** What is reserved here is given back there. */
static __attribute__((noinline)) void finish(struct seen *s, int keep)
{
    if (!s)
        return;
    s->why += 1;
    if (keep)
        bpf_ringbuf_submit(s, 0);
    else
        bpf_ringbuf_discard(s, BPF_RB_NO_WAKEUP);
}

static __attribute__((always_inline)) int describe(struct seen *s, struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u16 vlan = 0;
    __u8 *at = c.at;
    s->bytes = c.end - c.at;
    s->why = 0;
    s->proto = 0;
    s->from = s->to = 0;
    for (int i = 0; i < 16; i++)
        s->first[i] = at + i + 1 <= (__u8 *)c.end ? at[i] : 0;
    s->ether = take_ethernet(&c, &vlan);
    if (s->ether != ETH_P_IP)
        return 1;
    struct iphdr *ip = TAKE(&c, struct iphdr);
    if (!ip)
        return 0;
    s->proto = ip->protocol;
    s->from = ip->saddr;
    s->to = ip->daddr;
    s->why = ip->ihl != 5;
    return ip->ttl > 1;
}

SEC("xdp") int xdp_records(struct xdp_md *ctx)
{
    struct seen *s = bpf_ringbuf_reserve(&seen, sizeof *s, 0), *again;
    if (!s) {
        lost++;
        return XDP_ABORTED;
    }
    int keep = describe(s, ctx);
    if (s->why) {
        again = bpf_ringbuf_reserve(&seen, sizeof *again, 0);
        if (again) {
            *again = *s;
            again->bytes = ~s->bytes;
            bpf_ringbuf_submit(again, BPF_RB_FORCE_WAKEUP);
        }
    }
    if (!keep)
        dropped++;
    finish(s, keep);
    return keep ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
