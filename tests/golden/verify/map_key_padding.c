/* SPDX-License-Identifier: MIT */
/* The three bytes behind proto are part of the key. Kernels before 6.3 refuse that; here they are
 * 0. */
#include "programs.h"

struct flow {
    __u32 address;
    __u8 proto;
};
MAP(flows, BPF_MAP_TYPE_HASH, 256, struct flow, __u64);

SEC("xdp")
int map_key_padding(struct xdp_md *ctx)
{
    struct flow key;
    key.address = ctx->ingress_ifindex;
    key.proto = 6;
    return bpf_map_lookup_elem(&flows, &key) ? XDP_PASS : XDP_DROP;
}
