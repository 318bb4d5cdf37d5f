/* SPDX-License-Identifier: MIT */
/** Sixty-four generated rules, each a network, a protocol and a range of ports: the kernel tells as
 * many ways apart as it can count. Safe: only comparisons. The kernel: "BPF program is too large.
 * Processed 1000001 insn" */
#include "headers.h"

struct facts {
    __u32 from;
    __u32 to;
    __u16 port;
    __u8 proto;
};

/* One rule: constants are folded in, as what writes such programs for administrators does. */
#define RULE(n, action)                                                                            \
    if ((f.from & (0xffffff00u << ((n) % 9))) == (0x0a000000u + (n)*65536u) &&                     \
        f.proto == ((n) % 3 ? IPPROTO_TCP : IPPROTO_UDP) && f.port >= (n)*100 &&                   \
        f.port < (n)*100 + 50)                                                                     \
        return action;
#define RULES4(n)                                                                                  \
    RULE(n, XDP_DROP)                                                                              \
    RULE(n + 1, XDP_PASS)                                                                          \
    RULE(n + 2, XDP_TX)                                                                            \
    RULE(n + 3, XDP_DROP)
#define RULES16(n) RULES4(n) RULES4(n + 4) RULES4(n + 8) RULES4(n + 12)

static __always_inline int decide(struct facts f)
{
    RULES16(1)
    RULES16(17)
    RULES16(33)
    RULES16(49)
    return XDP_PASS;
}

SEC("xdp") int rules64(struct xdp_md *ctx)
{
    void *data = PACKET(ctx), *end = PEND(ctx);
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof *eth;
    struct port_pair *ports = (void *)(ip + 1);

    if ((void *)(ports + 1) > end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
        return XDP_PASS;
    struct facts f = {bpf_ntohl(ip->saddr), bpf_ntohl(ip->daddr), bpf_ntohs(ports->dest),
                      ip->protocol};
    return decide(f);
}

char _license[] SEC("license") = "GPL";
