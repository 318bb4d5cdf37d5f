/* SPDX-License-Identifier: MIT */
/* One source for both: our header alone, or (-DKERNEL_HEADERS) the kernel's and libbpf's. */
#ifdef KERNEL_HEADERS
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#endif
#include <winnow/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, unsigned int);
    __type(value, unsigned long long);
} lengths SEC(".maps");

SEC("xdp")
int both(struct xdp_md *context)
{
    const unsigned char *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
    unsigned int key = end - data > 100;
    unsigned long long *count = bpf_map_lookup_elem(&lengths, &key);
    if (!count || data + 14 > end)
        return XDP_ABORTED;
    __sync_fetch_and_add(count, 1);
    bpf_printk("%d bytes", (int)(end - data));
    return wn_be16(data + 12) == 0x0800 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "MIT";
