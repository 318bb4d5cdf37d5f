/* SPDX-License-Identifier: MIT */
/** Prints and redirects; the return values count, the text is tested elsewhere. */
#include "net.h"

SEC("tc") int tc_trace(struct __sk_buff *skb)
{
    struct cursor c = CURSOR(skb);
    struct ethhdr *eth = TAKE(&c, struct ethhdr);
    if (!eth)
        return TC_ACT_SHOT;
    if ((skb->len & 15) == 0)
        skb->cb[0] =
            bpf_printk("type %x, %u bytes, %s", bpf_ntohs(eth->h_proto), skb->len, "sample");
    skb->cb[1] = bpf_get_smp_processor_id();
    switch (skb->len % 5) {
    case 0: return bpf_redirect(7, 0);
    case 1: return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
    case 2: return bpf_redirect(3, 8);
    case 3: swap_macs(eth); return TC_ACT_QUEUED;
    }
    return eth->h_dest[0] & 1 ? TC_ACT_TRAP : TC_ACT_REPEAT;
}

char _license[] SEC("license") = "GPL";
