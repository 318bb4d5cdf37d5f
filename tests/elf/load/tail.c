/* SPDX-License-Identifier: MIT */
/* A dispatcher whose programs are named where the array is defined; one of them loops back. */
#include <winnow/bpf.h>

int parse_ip(struct xdp_md *context);
int parse_arp(struct xdp_md *context);
int dispatch(struct xdp_md *context);

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, unsigned int);
    __type(value, unsigned int);
} calls SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 3);
    __uint(key_size, 4);
    __array(values, int(void *));
} second SEC(".maps") = {.values = {[2] = (void *)&dispatch}};

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 8);
    __uint(key_size, 4);
    __array(values, int(void *));
} first SEC(".maps") = {.values = {[1] = (void *)&parse_ip, [6] = (void *)&parse_arp}};

static __always_inline unsigned int count(void)
{
    unsigned int key = 0, *n = bpf_map_lookup_elem(&calls, &key);
    return n ? ++*n : 0;
}

SEC("xdp/ip")
int parse_ip(struct xdp_md *context)
{
    count();
    bpf_tail_call(context, &second, 2);
    return XDP_ABORTED;
}

SEC("xdp/arp")
int parse_arp(struct xdp_md *context)
{
    (void)context;
    return count() > 100 ? XDP_TX : XDP_DROP;
}

SEC("xdp")
int dispatch(struct xdp_md *context)
{
    const unsigned char *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    unsigned int n = count();
    if (data + 14 > end)
        return XDP_ABORTED;
    if (n > 6) /* has come round */
        return XDP_PASS;
    bpf_tail_call(context, &first, data[13] == 6 ? 6 : 1);
    return XDP_ABORTED;
}
