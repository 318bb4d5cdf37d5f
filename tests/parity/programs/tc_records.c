/* SPDX-License-Identifier: MIT */
/** The beginning of packets in records of three sizes, whichever is enough. */
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 19);
} heads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 4);
} sizes SEC(".maps");

/** A record of so many bytes of the packet, or none if it is shorter. */
#define TELL(skb, bytes)                                                                           \
    ({                                                                                             \
        long r_ = -1;                                                                              \
        struct head_##bytes *h_ = bpf_ringbuf_reserve(&heads, sizeof *h_, 0);                      \
        if (h_) {                                                                                  \
            h_->n = (skb)->len;                                                                    \
            r_ = bpf_skb_load_bytes((skb), 0, h_->data, (bytes));                                  \
            if (r_)                                                                                \
                bpf_ringbuf_discard(h_, 0);                                                        \
            else                                                                                   \
                bpf_ringbuf_submit(h_, 0);                                                         \
        }                                                                                          \
        r_;                                                                                        \
    })

struct head_32 {
    __u64 n;
    __u8 data[32];
};

struct head_64 {
    __u64 n;
    __u8 data[64];
};

struct head_256 {
    __u64 n;
    __u8 data[256];
};

SEC("tc") int tc_records(struct __sk_buff *skb)
{
    __u32 which = 0;
    if (!TELL(skb, 256))
        which = 3;
    else if (!TELL(skb, 64))
        which = 2;
    else if (!TELL(skb, 32))
        which = 1;
    __u64 *n = bpf_map_lookup_elem(&sizes, &which);
    if (n)
        *n += 1;
    skb->mark = bpf_ringbuf_query(&heads, BPF_RB_PROD_POS);
    return which ? TC_ACT_OK : TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
