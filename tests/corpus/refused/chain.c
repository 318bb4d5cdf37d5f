/* SPDX-License-Identifier: MIT */
/** A list in an array, each entry with the number of the next: nothing says that it ends.
 * Safe: numbers are masked, and the list is made by the program, which links to older entries only.
 * The kernel: "infinite loop detected at insn 27" */
#include "headers.h"

#define ENTRIES 64

struct entry {
    __u32 addr;
    __u32 next; /* 0 ends the list */
};

struct entry list[ENTRIES];
__u32 head;
__u32 used;

SEC("tc") int chain(struct __sk_buff *skb)
{
    struct ethhdr *eth = PACKET(skb);
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > PEND(skb) || eth->h_proto != bpf_htons(ETH_P_IP))
        return TC_ACT_OK;
    for (__u32 i = head; i; i = list[i % ENTRIES].next)
        if (list[i % ENTRIES].addr == ip->saddr)
            return TC_ACT_PIPE;
    __u32 fresh = used + 1;
    if (fresh < ENTRIES) {
        list[fresh].addr = ip->saddr;
        list[fresh].next = head;
        head = fresh;
        used = fresh;
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
