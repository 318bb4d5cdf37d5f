/* SPDX-License-Identifier: MIT */
/*
 * A blocklist of names: DNS queries over UDP for a name in it, or for any name below one, are
 * dropped. With const.only = 1 it is the other way round: such queries are all that passes, to be
 * written down.
 *
 * What it shows: loops over bytes of the packet that end, as one can see, and text as the key of a
 * map.
 *
 *     {"entries": [{"key": {"text": "example.com"}, "value": 0}]}
 *
 *     winnowctl map set dnsblock names '{"text": "tracker.test"}' 0
 *     winnowctl map get dnsblock names '{"text": "tracker.test"}'       shows how often it was
 * asked for
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <winnow/bpf.h>

#define NAME_BYTES  255 /* of a name in a packet, RFC 1035 */
#define KEY_BYTES   64  /* of a name in the map, with the zeros behind */
#define LABEL_BYTES 63
#define HEADER      12 /* of DNS, before the question */
#define PORT_DNS    53

const volatile __u32 only = 0;

/* In lower case, without a dot at the end, zeros behind. */
struct name {
    char text[KEY_BYTES];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 100000);
    __type(key, struct name);
    __type(value, __u64); /* queries */
} names SEC(".maps");

/* A name from a packet, and enough zeros that a key can begin at any character of it. */
struct question {
    char text[NAME_BYTES + 1 + KEY_BYTES];
};

/*
 * A name is labels in a packet, each behind its length: 3 w w w 7 e x a m p l e 3 c o m 0. Returns
 * how long its text is; 0 if it does not end within the packet.
 */
static __always_inline int read_name(const __u8 *at, const void *end, struct question *q)
{
    __u32 left = 0; /* bytes of the label that are to come */
    for (int i = 0; i < NAME_BYTES; i++) {
        /* It may be known long before; this comparison is what the verifier goes by. */
        if ((const void *)(at + i + 1) > end)
            return 0;
        __u8 c = at[i];
        if (left == 0) {
            if (c == 0)
                return i;
            if (c > LABEL_BYTES) /* a pointer, which no question has */
                return 0;
            left = c;
            c = '.';
        } else {
            left--;
            if (c >= 'A' && c <= 'Z')
                c += 'a' - 'A';
        }
        q->text[i] = c;
    }
    return 0;
}

/* Is the name in the list, or one that it lies below? Each dot has one behind it. */
static __always_inline int is_blocked(const struct question *q)
{
    for (int i = 0; i < NAME_BYTES; i++) {
        if (q->text[i] == 0)
            return 0;
        if (q->text[i] != '.')
            continue;
        __u64 *queries = bpf_map_lookup_elem(&names, &q->text[i + 1]);
        if (queries) {
            __sync_fetch_and_add(queries, 1);
            return 1;
        }
    }
    return 0;
}

/* Where UDP begins; NULL: there is none. */
static __always_inline struct udphdr *find_udp(struct ethhdr *eth, void *end)
{
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end || ip->ihl < 5 || ip->protocol != IPPROTO_UDP ||
            (ip->frag_off & bpf_htons(0x1fff)))
            return (void *)0;
        return (void *)ip + ip->ihl * 4;
    }
    if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip = (void *)(eth + 1);
        if ((void *)(ip + 1) > end || ip->nexthdr != IPPROTO_UDP)
            return (void *)0;
        return (void *)(ip + 1);
    }
    return (void *)0;
}

SEC("xdp")
int dnsblock(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    int other = only ? XDP_DROP : XDP_PASS;

    if ((void *)(eth + 1) > end)
        return other;
    struct udphdr *udp = find_udp(eth, end);
    if (!udp || (void *)(udp + 1) + HEADER > end || udp->dest != bpf_htons(PORT_DNS))
        return other;
    const __u8 *dns = (void *)(udp + 1);
    if ((dns[2] & 0x80) || (dns[4] == 0 && dns[5] == 0)) /* an answer, or nothing is asked */
        return other;
    struct question q = {};
    if (!read_name(dns + HEADER, end, &q) || !is_blocked(&q))
        return other;
    return only ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
