/* SPDX-License-Identifier: MIT */
/** The instructions of classic BPF: bytes, halves and words at constant and at computed offsets. */
#include "headers.h"

unsigned long long load_byte(void *skb, unsigned long long at) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long at) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long at) asm("llvm.bpf.load.word");

SEC("socket") int sock_classic(struct __sk_buff *skb)
{
    __u32 at = ETH_HLEN, proto = load_half(skb, 12);
    for (int i = 0; i < 2 && (proto == ETH_P_8021Q || proto == ETH_P_8021AD); i++) {
        proto = load_half(skb, at + 2);
        at += 4;
    }
    if (proto != ETH_P_IP)
        return 0;
    __u32 header = (load_byte(skb, at) & 15) << 2, from = load_word(skb, at + 12);
    if (load_byte(skb, at + 9) != IPPROTO_UDP || load_half(skb, at + 6) & IP_OFFSET)
        return 0;
    if ((from & 0xffff0000) == 0xc0a80000)
        return 0;
    __u32 port = load_half(skb, at + header + 2);
    return port == 53 ? 96 : port == 123 ? 64 : 0;
}

char _license[] SEC("license") = "GPL";
