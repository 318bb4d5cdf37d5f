/* SPDX-License-Identifier: MIT */
/** Counters of each CPU, in an array and in a hash; what others have counted is looked at, too. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 5);
} lengths SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __type(key, __u16);
    __type(value, __u32);
    __uint(max_entries, 20);
} protocols SEC(".maps");

SEC("socket") int sock_percpu(struct __sk_buff *skb)
{
    __u32 key = skb->len % 6, one = 1, cpu = bpf_get_smp_processor_id(), *counter;
    __u16 protocol = (__u16)skb->protocol;
    __u64 *mine = bpf_map_lookup_elem(&lengths, &key), *again;
    again = bpf_map_lookup_percpu_elem(&lengths, &key, cpu);
    if (!mine != !again)
        return -1;
    if (mine && again) {
        *mine += skb->len;
        *again ^= 1;
    }
    counter = bpf_map_lookup_percpu_elem(&protocols, &protocol, cpu);
    if (!counter)
        return bpf_map_update_elem(&protocols, &protocol, &one, BPF_ANY) ? -2 : 3;
    *counter += 1;
    if (bpf_map_lookup_percpu_elem(&protocols, &protocol, ~0u))
        return -3;
    return (int)*counter + (mine ? (int)*mine : 77);
}

char _license[] SEC("license") = "GPL";
