/* SPDX-License-Identifier: MIT */
/* What the tests of winnowctl run and inspect look at. tests/elf/make compiles it to tools.o. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum mode { QUIET, TALK, REFUSE };

struct key {
    __u16 type;
    __u8 vlan;
};

struct seen {
    __u64 packets;
    __u64 bytes : 40;
    __u64 rest : 24;
    char tag[8];
    int last;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, struct key);
    __type(value, struct seen);
} types SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 16);
    __type(key, __u32);
    __type(value, __u64);
} lengths SEC(".maps");

const volatile enum mode mode = QUIET;
const volatile char tag[8] = "none";
const volatile __u16 refuse = 0x0806;
__u64 packets;
int balance = -5;
__u64 most = ~0ull;

static int decide(struct xdp_md *ctx, __u16 type)
{
    if (mode == REFUSE || type == refuse)
        return XDP_DROP;
    if (mode == TALK)
        bpf_printk("type %x", type);
    if (type == 0x86dd) {
        bpf_xdp_adjust_head(ctx, 14);
        return XDP_TX;
    }
    return type == 0x0800 ? XDP_PASS : type == 0x8100 ? bpf_redirect(7, 0) : 99;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    __u32 len = ctx->data_end - ctx->data, slot = len / 100;
    if (data + 14 > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    struct key key = {.type = data[12] << 8 | data[13]};
    key.vlan = key.type == 0x8100;
    struct seen first = {0}, *seen = bpf_map_lookup_elem(&types, &key);
    if (!seen) {
        for (int i = 0; i < 8; i++)
            first.tag[i] = tag[i];
        bpf_map_update_elem(&types, &key, &first, BPF_ANY);
        seen = bpf_map_lookup_elem(&types, &key);
        if (!seen)
            return XDP_ABORTED;
    }
    seen->packets++;
    seen->bytes += len;
    seen->last = -(int)++packets;
    __u64 *n = bpf_map_lookup_elem(&lengths, &slot);
    if (n)
        ++*n;
    return decide(ctx, key.type);
}

SEC("tc")
int shoot(struct __sk_buff *skb)
{
    balance--;
    most--;
    return skb->len < 100 ? 2 : -1;
}

SEC("socket")
int half(struct __sk_buff *skb)
{
    return skb->len > 100 ? 50 : 0;
}

/* Reads where no packet is. */
SEC("xdp/far")
int far(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    return data[1000] ? XDP_PASS : XDP_DROP;
}

char licence[] SEC("license") = "GPL";
