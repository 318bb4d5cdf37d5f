/* SPDX-License-Identifier: MIT */
/* Fields that the loader finds, by the names of the kernel's types (needs -g). */
#define __LINUX_BPF_H__ /* its types are defined here in another order */
#include <winnow/bpf.h>

#define CORE __attribute__((preserve_access_index))

struct xdp_md {
    unsigned int data_end;
    unsigned int not_there;
    unsigned int data;
    unsigned int rx_queue_index;
} CORE;

struct task_struct {
    int pid;
} CORE;

SEC("xdp")
int exists(struct xdp_md *context)
{
    unsigned long data = context->data, end = context->data_end;
    if (__builtin_preserve_field_info(context->not_there, 2))
        return context->not_there;
    return end - data > 60 && context->rx_queue_index == 0 ? 2 : 1;
}

SEC("xdp/task")
int task(struct task_struct *of)
{
    return of->pid;
}
