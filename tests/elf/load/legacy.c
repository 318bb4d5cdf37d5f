/* SPDX-License-Identifier: MIT */
/* As programs were written before there were types: struct bpf_map_def, and iproute2's longer one.
 */
#include <winnow/bpf.h>

struct bpf_map_def {
    unsigned int type, key_size, value_size, max_entries, map_flags;
};

struct bpf_elf_map {
    unsigned int type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_map_def SEC("maps") by_protocol = {
    .type = BPF_MAP_TYPE_HASH, .key_size = 1, .value_size = 8, .max_entries = 256};
struct bpf_elf_map SEC("maps") totals = {
    .type = BPF_MAP_TYPE_PERCPU_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 2, .pinning = 2};

SEC("classifier")
int classify(struct __sk_buff *skb)
{
    const unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
    if (data + 34 > end)
        return 0;
    unsigned char protocol = data[23];
    unsigned long long one = 1, *n = bpf_map_lookup_elem(&by_protocol, &protocol);
    if (n)
        __sync_fetch_and_add(n, 1);
    else
        bpf_map_update_elem(&by_protocol, &protocol, &one, BPF_ANY);
    unsigned int key = 1;
    n = bpf_map_lookup_elem(&totals, &key);
    if (n)
        *n += skb->len;
    return protocol == 17 ? 2 : 0;
}

char _license[] SEC("license") = "MIT";
