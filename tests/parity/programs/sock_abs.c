/* SPDX-License-Identifier: MIT */
/** A socket filter with the loads of classic BPF, as clang makes them of LLVM's intrinsics. */
#include "net.h"

/* LLVM's names: the loads count from the network header here, and end the program beyond the end.
 */
unsigned long long load_byte(void *skb, unsigned long long at) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long at) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long at) asm("llvm.bpf.load.word");

#define LINK    (-0x200000) /* SKF_LL_OFF */
#define NETWORK (-0x100000) /* SKF_NET_OFF */

SEC("socket") int sock_abs(struct __sk_buff *skb)
{
    __u32 type = load_half(skb, LINK + offsetof(struct ethhdr, h_proto));
    if (type == ETH_P_IP) {
        __u32 first = load_byte(skb, NETWORK), proto = load_byte(skb, 9);
        __u32 header = (first & 15) * 4;
        if (load_half(skb, 6) & 0x1fff)
            return 68;
        if (proto == IPPROTO_TCP && load_half(skb, header + 2) == 443)
            return header + (load_byte(skb, header + 12) >> 4) * 4;
        if (proto == IPPROTO_UDP)
            return load_word(skb, header) ^ load_word(skb, NETWORK + 12);
        return load_byte(skb, LINK + 6) ? 96 : proto;
    }
    if (type == ETH_P_IPV6)
        return load_word(skb, 20) + load_byte(skb, 6) * 0x1000;
    if (type == ETH_P_8021Q)
        return load_half(skb, load_half(skb, 0) & 15);
    return skb->len > 60 ? 0xffff : 0;
}

char _license[] SEC("license") = "GPL";
