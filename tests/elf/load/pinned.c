/* SPDX-License-Identifier: MIT */
/* A map that objects share by its name, and one that each has for itself. */
#include <winnow/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, unsigned int);
    __type(value, unsigned long);
    __uint(pinning, 1); /* LIBBPF_PIN_BY_NAME */
} shared SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, unsigned int);
    __type(value, unsigned long);
} own SEC(".maps");

SEC("filter")
unsigned int pinned(const unsigned char *data, unsigned long caplen)
{
    unsigned int key = 0;
    unsigned long *a = bpf_map_lookup_elem(&shared, &key), *b = bpf_map_lookup_elem(&own, &key);
    (void)data;
    (void)caplen;
    return a && b ? ++*a * 100 + ++*b : 0;
}
