/* SPDX-License-Identifier: MIT */
/** Functions of a kernel that programs call by name, and what to do instead. */
#include "elf/ksyms.h"

#include <string.h>

static const struct {
    const char *prefix;
    const char *instead;
} alternatives[] = {
    {"bpf_dynptr_", "compare with data_end, or use bpf_skb_load_bytes() or bpf_xdp_load_bytes()"},
    {"bpf_xdp_metadata_", "what a device says of a packet is not captured; read the packet"},
    {"bpf_xdp_ct_", "connections are tracked by a kernel; keep them in a map"},
    {"bpf_skb_ct_", "connections are tracked by a kernel; keep them in a map"},
    {"bpf_ct_", "connections are tracked by a kernel; keep them in a map"},
    {"bpf_iter_num_", "write a loop with a constant limit, or use bpf_loop()"},
    {"bpf_iter_", "there are no objects of a kernel here; use maps"},
    {"bpf_rcu_read_", "values of maps stay there while a program runs; leave it out"},
    {"bpf_preempt_", "programs are not interrupted by others; leave it out"},
    {"bpf_local_irq_", "programs are not interrupted by others; leave it out"},
    {"bpf_res_spin_", "use bpf_spin_lock()"},
    {"bpf_throw", "return from the function instead"},
    {"bpf_obj_", "keep what is to last in maps"},
    {"bpf_percpu_obj_", "keep what is to last in per-CPU maps"},
    {"bpf_refcount_", "keep what is to last in maps"},
    {"bpf_list_", "use a queue or a stack (BPF_MAP_TYPE_QUEUE)"},
    {"bpf_rbtree_", "use a hash or a trie (BPF_MAP_TYPE_LPM_TRIE)"},
    {"bpf_cpumask_", "there are no CPU masks here; use per-CPU maps"},
    {"bpf_wq_", "nothing runs without a packet; look at the time when the next one comes"},
    {"bpf_str", "compare with a loop, or with bpf_strncmp()"},
    {"bpf_skb_get_fou_", "read the tunnel's headers in the packet"},
    {"bpf_skb_set_fou_", "write the tunnel's headers into the packet"},
    {"bpf_xdp_get_xfrm_", "nothing is decrypted here; read the packet"},
    {"bpf_xdp_flow_lookup", "keep flows in a map"},
    {"bpf_cast_to_kern_ctx", "use the fields of the context"},
    {"bpf_rdonly_cast", "structures of a kernel do not exist here"},
};

const char *wn_ksym_instead(const char *name)
{
    for (size_t i = 0; i < sizeof alternatives / sizeof *alternatives; i++)
        if (strncmp(name, alternatives[i].prefix, strlen(alternatives[i].prefix)) == 0)
            return alternatives[i].instead;
    return "only helpers are provided, see winnow-filter(7)";
}
