/* SPDX-License-Identifier: MIT */
/** DNS answers: walks the records behind the question and refuses addresses of private networks. */
#include "headers.h"

struct dns {
    __be16 id, flags, questions, answers, authorities, more;
};

#define MOST_RECORDS 6
#define MOST_LABELS  10

/** Behind a name at an offset; 0 if it does not end. Global: verified once. */
__noinline int skip_name(struct __sk_buff *skb, __u32 at)
{
    int behind = 0;
    for (int i = 0; i < MOST_LABELS; i++) {
        __u8 *b = PACKET(skb) + (at & 1023);
        if ((void *)(b + 1) > PEND(skb))
            break;
        if (*b >= 192 || *b == 0) {
            behind = at + (*b ? 2 : 1);
            break;
        }
        at += 1 + *b;
    }
    return behind;
}

/** Whether the record at an offset is a private address: 1, its end else, 0 if it does not end. */
__noinline int look_at(struct __sk_buff *skb, __u32 at)
{
    __be16 *w = PACKET(skb) + (at & 1023);
    if ((void *)(w + 5) > PEND(skb))
        return 0;
    __u32 bytes = bpf_ntohs(w[4]);
    if (w[0] == bpf_htons(1) && bytes == 4) {
        __u8 *a = (__u8 *)(w + 5);
        if ((void *)(a + 4) > PEND(skb))
            return 0;
        if (a[0] == 10 || (a[0] == 192 && a[1] == 168) || (a[0] == 172 && (a[1] & 0xf0) == 16))
            return 1;
    }
    return at + 10 + bytes;
}

SEC("tc") int tc_answers(struct __sk_buff *skb)
{
    void *data = PACKET(skb), *end = PEND(skb);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct udphdr *udp = (void *)(ip + 1);
    struct dns *dns = (void *)(udp + 1);

    if ((void *)(dns + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return TC_ACT_OK;
    if (ip->protocol != IPPROTO_UDP || udp->source != bpf_htons(53))
        return TC_ACT_OK;
    __u32 answers = bpf_ntohs(dns->answers);
    int at = skip_name(skb, (void *)(dns + 1) - data);
    if (at <= 0)
        return TC_ACT_SHOT;
    at += 4;
    for (__u32 i = 0; i < MOST_RECORDS && i < answers; i++) {
        at = skip_name(skb, at);
        if (at <= 0)
            return TC_ACT_SHOT;
        at = look_at(skb, at);
        if (at == 1)
            return TC_ACT_SHOT;
        if (at <= 0)
            break;
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
