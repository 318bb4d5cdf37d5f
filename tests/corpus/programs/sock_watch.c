/* SPDX-License-Identifier: MIT */
/** Traces of what looks odd: a format on the stack, values behind it. */
#include "headers.h"

const volatile __u32 limit = 10;
__u32 said;

SEC("socket") int sock_watch(struct __sk_buff *skb)
{
    char format[] = "odd: proto %x, %u bytes on %u";
    struct ethhdr eth;

    if (bpf_skb_load_bytes(skb, 0, &eth, sizeof eth))
        return 0;
    bool same = true;
    for (int i = 0; i < ETH_ALEN; i++)
        if (eth.h_source[i] != eth.h_dest[i])
            same = false;
    if (!same && eth.h_source[0] % 2 == 0)
        return 0;
    if (said < limit) {
        said++;
        bpf_trace_printk(format, sizeof format, bpf_ntohs(eth.h_proto), skb->len, skb->ifindex);
    }
    return 128 + bpf_get_smp_processor_id() % 4;
}

char _license[] SEC("license") = "GPL";
