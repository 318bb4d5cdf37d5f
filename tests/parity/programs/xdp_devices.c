/* SPDX-License-Identifier: MIT */
/** Asks tables where packets are to go, in which nothing is: what the flags say becomes of them. */
#include "net.h"

#define TABLE(name, kind, entries)                                                                 \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_##kind);                                                         \
        __type(key, __u32);                                                                        \
        __type(value, __u32);                                                                      \
        __uint(max_entries, entries);                                                              \
    } name SEC(".maps")
TABLE(devices, DEVMAP, 8);
TABLE(hashed, DEVMAP_HASH, 8);
TABLE(cpus, CPUMAP, 1);
TABLE(sockets, XSKMAP, 4);

SEC("xdp") int xdp_devices(struct xdp_md *ctx)
{
    struct cursor c = CURSOR(ctx);
    __u8 *bytes = take(&c, ETH_HLEN);
    if (!bytes)
        return XDP_DROP;
    __u32 key = bytes[5] & 15, flags = bytes[11] & 31;
    switch (bytes[4] & 3) {
    case 0:
        if (bpf_map_lookup_elem(&devices, &key))
            return 100;
        return bpf_redirect_map(&devices, key, flags & 7);
    case 1: return bpf_redirect_map(&hashed, key, flags & 35);
    case 2: return bpf_redirect_map(&cpus, key, flags);
    default:
        if (bpf_map_lookup_elem(&sockets, &key))
            return 200;
        return bpf_redirect_map(&sockets, key, flags);
    }
}

char _license[] SEC("license") = "GPL";
