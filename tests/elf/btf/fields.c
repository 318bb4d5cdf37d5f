/* SPDX-License-Identifier: MIT */
/* Relocations of every kind, against contexts, protocol headers and what only a kernel has. */
#include <winnow/bpf.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* As a program sees them that was compiled for some other kernel: other places, other order. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct xdp_md {
    u32 new_field_at_the_start;
    u32 data_end;
    u32 data;
    u32 rx_queue_index;
};

/* The same one under another name, as a second version. */
struct xdp_md___old {
    u16 ingress_ifindex;
    int egress_ifindex;
    u32 gone;
};

struct flow_keys_of_kernel;
struct __sk_buff {
    u32 len;
    u32 mark;
    u32 cb[5];
    u32 remote_ip6[4];
    union {
        struct flow_keys_of_kernel *flow_keys;
        u64 : 64;
    } __attribute__((aligned(8)));
    u64 tstamp;
    union {
        u32 mark___again;
    };
};

struct iphdr {
    u8 ihl : 4, version : 4;
    u8 tos;
    u16 tot_len, id, frag_off;
    u8 ttl, protocol;
    u16 check;
    u32 saddr, daddr;
};

struct task_struct {
    int pid, tgid;
    struct {
        u64 start;
    } times[2];
};

struct bits {
    u32 low : 3, high : 29;
    int level : 7;
    u64 wide : 40;
};

#pragma clang attribute pop

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX };
enum of_kernel { SOME_VALUE = 3 };
typedef u32 number_of_kernel;

#define ASK(field, kind) __builtin_preserve_field_info(field, kind)
#define OFFSET(field)    ASK(field, 0)
#define SIZE(field)      ASK(field, 1)
#define EXISTS(field)    ASK(field, 2)
#define SIGNED(field)    ASK(field, 3)
#define LSHIFT(field)    ASK(field, 4)
#define RSHIFT(field)    ASK(field, 5)

SEC("xdp/read")
int read(struct xdp_md *ctx)
{
    return (int)(ctx->data_end - ctx->data + ctx->rx_queue_index);
}

SEC("xdp/ask")
int ask(struct xdp_md___old *old, struct xdp_md *ctx)
{
    u64 sum = 0;
    if (EXISTS(old->ingress_ifindex))
        sum += old->ingress_ifindex;
    if (EXISTS(old->gone))
        sum += old->gone;
    if (EXISTS(ctx->new_field_at_the_start))
        sum += ctx->new_field_at_the_start;
    sum += SIZE(old->ingress_ifindex) * 100 + SIZE(ctx->data) * 1000;
    return (int)sum;
}

/* Other size and signed: nobody could say what a load is to give. */
SEC("xdp/misfit")
int misfit(struct xdp_md___old *old)
{
    return old->egress_ifindex;
}

SEC("tc/skb")
int skb(struct __sk_buff *ctx)
{
    ctx->mark = ctx->cb[3];
    ctx->cb[2] = ctx->remote_ip6[1];
    ctx->tstamp = (u64)ctx->flow_keys;
    return (int)(OFFSET(ctx->cb[4]) + SIZE(ctx->cb) * 256 + SIZE(ctx->tstamp) * 65536 +
                 SIGNED(ctx->len) * 7);
}

SEC("tc/header")
int header(const struct iphdr *ip)
{
    return ip->ihl * 4 + ip->ttl + (int)EXISTS(ip->version) + (int)OFFSET(ip->daddr) +
           (int)(LSHIFT(ip->version) * 1000 + RSHIFT(ip->version));
}

SEC("tc/kernel")
int kernel(struct task_struct *task)
{
    return task->tgid + (int)task->times[1].start;
}

SEC("tc/guarded")
int guarded(struct task_struct *task)
{
    return EXISTS(task->pid) ? task->pid : 42;
}

SEC("tc/bits")
int bits(struct bits *b)
{
    return (int)(OFFSET(b->high) + SIZE(b->high) + LSHIFT(b->high) + SIGNED(b->level));
}

SEC("tc/types")
u64 types(void)
{
    u64 sum = __builtin_preserve_type_info(*(struct xdp_md *)0, 0);
    sum += 2 * __builtin_preserve_type_info(*(struct task_struct *)0, 0);
    sum += 4 * __builtin_preserve_type_info(*(struct __sk_buff *)0, 1);
    sum += __builtin_preserve_type_info(*(number_of_kernel *)0, 0);
    sum += (u64)__builtin_preserve_type_info(*(struct iphdr *)0, 1) << 32;
#if __clang_major__ >= 16
    sum += __builtin_preserve_type_info(*(struct xdp_md___old *)0, 2);
    sum += __builtin_preserve_type_info(*(struct task_struct *)0, 2);
#endif
    return sum + __builtin_btf_type_id(*(struct xdp_md *)0, 1);
}

SEC("tc/local")
u64 local(void)
{
    return __builtin_btf_type_id(*(struct task_struct *)0, 0);
}

SEC("tc/enums")
u64 enums(void)
{
    u64 sum = __builtin_preserve_enum_value(*(enum xdp_action *)XDP_TX, 0);
    sum += __builtin_preserve_enum_value(*(enum xdp_action *)XDP_TX, 1);
    sum += __builtin_preserve_enum_value(*(enum of_kernel *)SOME_VALUE, 0);
    return sum;
}

SEC("tc/noenum")
u64 noenum(void)
{
    return __builtin_preserve_enum_value(*(enum of_kernel *)SOME_VALUE, 1);
}

char license_of_fields[] SEC("license") = "Dual MIT/GPL";
