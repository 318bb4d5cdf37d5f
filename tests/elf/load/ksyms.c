/* SPDX-License-Identifier: MIT */
/* Functions of a kernel, weak ones and others, and whether they are there. */
#include <winnow/bpf.h>

#define KSYM __attribute__((section(".ksyms")))

extern int bpf_dynptr_from_xdp(struct xdp_md *context, unsigned long flags, void *out) KSYM;
extern void bpf_rcu_read_lock(void) KSYM __attribute__((weak));
extern int bpf_no_such_thing(void) KSYM;

SEC("xdp/dynptr")
int dynptr(struct xdp_md *context)
{
    unsigned long out[2] = {0};
    return bpf_dynptr_from_xdp(context, 0, out) ? XDP_DROP : XDP_PASS;
}

SEC("xdp/unknown")
int unknown(struct xdp_md *context)
{
    (void)context;
    return bpf_no_such_thing();
}

SEC("xdp/locks")
int locks(struct xdp_md *context)
{
    bpf_rcu_read_lock();
    return context->rx_queue_index ? XDP_DROP : XDP_PASS;
}

SEC("xdp/asks")
int asks(struct xdp_md *context)
{
    if (bpf_rcu_read_lock)
        bpf_rcu_read_lock();
    return context->rx_queue_index ? XDP_DROP : XDP_PASS;
}
