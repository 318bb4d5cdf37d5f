/* SPDX-License-Identifier: MIT */
/** An action: meters by mark, forgets a meter when its mark says so. */
#include "headers.h"

struct meter {
    __u64 bytes;
    __u64 since;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 512);
    __type(key, __u32);
    __type(value, struct meter);
} meters SEC(".maps");

SEC("action") int tc_action(struct __sk_buff *skb)
{
    __u32 key = skb->mark & 0xffffff;
    if (skb->mark >> 24 == 0xff)
        return bpf_map_delete_elem(&meters, &key) ? TC_ACT_SHOT : TC_ACT_OK;
    struct meter *m = bpf_map_lookup_elem(&meters, &key);
    if (!m) {
        struct meter fresh = {0, skb->tstamp};
        if (bpf_map_update_elem(&meters, &key, &fresh, BPF_NOEXIST))
            return TC_ACT_SHOT;
        m = bpf_map_lookup_elem(&meters, &key);
        if (!m)
            return TC_ACT_SHOT;
    }
    m->bytes += skb->len;
    __u64 age = skb->tstamp - m->since;
    if (age && m->bytes * 1000 / age > 125000) {
        m->bytes /= 2;
        return TC_ACT_SHOT;
    }
    return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
