/* SPDX-License-Identifier: MIT */
/** A raw filter: of each source the first hundred packets, and headers only of the next thousand.
 */
#include <winnow/bpf.h>

struct source {
    unsigned char address[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct source);
    __type(value, unsigned long long);
} sources SEC(".maps");

SEC("filter")
unsigned raw_limit(const unsigned char *data, unsigned long caplen, unsigned long wirelen)
{
    struct source key = {{0}};
    unsigned long long one = 1, *seen;

    if (caplen < 34)
        return WN_REJECT;
    switch (wn_be16(data + 12)) {
    case 0x0800: __builtin_memcpy(key.address, data + 26, 4); break;
    case 0x86dd:
        if (caplen < 54)
            return WN_REJECT;
        __builtin_memcpy(key.address, data + 22, 16);
        break;
    default: __builtin_memcpy(key.address, data + 6, 6);
    }
    seen = bpf_map_lookup_elem(&sources, &key);
    if (!seen) {
        bpf_map_update_elem(&sources, &key, &one, BPF_ANY);
        return WN_ACCEPT;
    }
    *seen += 1;
    return *seen <= 100 ? WN_ACCEPT : *seen <= 1100 ? 54 : WN_REJECT;
}
