/* SPDX-License-Identifier: MIT */
/* What can be looked at but not run: other types of programs, a map of maps, misspelt sections. */
#include <winnow/bpf.h>

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, unsigned int);
    __type(value, unsigned int);
} inner SEC(".maps");

struct {
    __uint(type, 12);
    __uint(max_entries, 4);
    __type(key, unsigned int);
    __array(values, struct inner);
} outer SEC(".maps") = {.values = {[1] = &inner}};

struct {
    __uint(type, 4);
    __uint(key_size, 4);
    __uint(value_size, 4);
} events SEC(".maps");

SEC("kprobe/do_exit")
int probe(void *registers)
{
    (void)registers;
    return 0;
}

SEC("scoket")
int misspelt(struct __sk_buff *skb)
{
    return skb->len;
}

SEC("somewhere")
int lost(struct __sk_buff *skb)
{
    return skb->len;
}

SEC("xdp")
int nested(struct xdp_md *context)
{
    unsigned int key = 1;
    void *map = bpf_map_lookup_elem(&outer, &key);
    return map && context ? XDP_PASS : XDP_DROP;
}

SEC("xdp/events")
int eventful(struct xdp_md *context)
{
    unsigned int key = 1;
    return context && bpf_map_lookup_elem(&events, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp/calls")
int calls(struct xdp_md *context)
{
    return ((long (*)(void *))14)(context);
}
