/* SPDX-License-Identifier: MIT */
/** SCTP: counts chunks by type; an INIT must be alone in its packet. */
#include "headers.h"

struct sctp_hdr {
    __be16 source;
    __be16 dest;
    __be32 tag;
    __be32 checksum;
};

struct chunk {
    __u8 type;
    __u8 flags;
    __be16 bytes;
};

__u64 chunks[16];

SEC("xdp") int xdp_sctp(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx), *at;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct sctp_hdr *sctp = (void *)(ip + 1);
    bool init = false;

    if ((void *)(sctp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_SCTP || ip->ihl != 5)
        return XDP_PASS;
    at = sctp + 1;
    for (int i = 0; i < 8; i++) {
        struct chunk *c = at;
        if ((void *)(c + 1) > end)
            return XDP_PASS;
        __u32 bytes = bpf_ntohs(c->bytes);
        if (init || bytes < sizeof *c)
            return XDP_DROP;
        if (c->type == 1) {
            if (i || sctp->tag)
                return XDP_DROP;
            init = true;
        }
        chunks[c->type & 15]++;
        at += (bytes + 3) & 0x7fc;
    }
    return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
