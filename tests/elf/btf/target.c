/* SPDX-License-Identifier: MIT */
/* What the relocations of fields.c are resolved against: the same types, otherwise. */
#include <winnow/bpf.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct xdp_md {
    u32 data;
    u32 data_end;
    u32 data_meta;
    union {
        struct {
            u64 ingress_ifindex;
            u32 rx_queue_index;
        };
    };
    short egress_ifindex;
};

struct flow_keys_of_kernel;
struct __sk_buff {
    u64 len;
    u32 pkt_type;
    u32 mark;
    u64 tstamp;
    struct {
        u32 before;
        u32 cb[6];
    };
    u32 remote_ip6[4];
    struct flow_keys_of_kernel *flow_keys;
};

struct iphdr {
    u32 before;
    u8 version : 4, ihl : 4;
    u16 ttl;
    u16 saddr, daddr;
};

struct task_struct {
    u64 state;
    struct {
        u32 before;
        u64 start;
    } times[3];
    int tgid;
};

struct bits {
    u64 : 10;
    u64 low : 2, high : 40;
    u32 level : 7;
};

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_NEW, XDP_TX };
enum of_kernel { ANOTHER_VALUE = 3 };

SEC("xdp")
int target(struct xdp_md *a, struct __sk_buff *b, struct iphdr *c, struct task_struct *d,
           struct bits *e)
{
    enum xdp_action action = XDP_TX;
    enum of_kernel other = ANOTHER_VALUE;
    return a && b && c && d && e->low ? (int)action : (int)other;
}

/* Otherwise clang has nothing to say of them. */
enum xdp_action action = XDP_TX;
enum of_kernel other = ANOTHER_VALUE;
