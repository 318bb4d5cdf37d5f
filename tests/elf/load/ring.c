/* SPDX-License-Identifier: MIT */
/* Lengths of packets into a ring buffer of a size that is rounded up, and what is in it then. */
#include <winnow/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 5000);
} lengths SEC(".maps");

struct seen {
    unsigned int bytes;
    unsigned char to[6];
};

SEC("xdp")
int ring(struct xdp_md *context)
{
    const unsigned char *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    struct seen seen = {.bytes = (unsigned int)(end - data)};
    if (data + 14 > end)
        return XDP_ABORTED;
    for (int i = 0; i < 6; i++)
        seen.to[i] = data[i];
    if (bpf_ringbuf_output(&lengths, &seen, sizeof seen, 0))
        return XDP_DROP;
    return (int)bpf_ringbuf_query(&lengths, 0);
}

char _license[] SEC("license") = "MIT";
