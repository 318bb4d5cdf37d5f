/* SPDX-License-Identifier: MIT */
/** Whether this machine's kernel takes a program: an oracle for tables, where it may be asked. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <winnow/insn.h>
#include <winnow/prog.h>

/** Returns whether it is loaded; `log` is what the verifier says of it. */
static inline bool kernel_takes(enum wn_prog_type type, const struct wn_slot *slots, size_t n,
                                char *log, uint32_t log_bytes)
{
    static const uint32_t types[] = {[WN_PROG_XDP] = BPF_PROG_TYPE_XDP,
                                     [WN_PROG_SOCKET] = BPF_PROG_TYPE_SOCKET_FILTER,
                                     [WN_PROG_TC] = BPF_PROG_TYPE_SCHED_CLS};
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = types[type];
    attr.insns = (uint64_t)(uintptr_t)slots;
    attr.insn_cnt = (uint32_t)n;
    attr.license = (uint64_t)(uintptr_t) "GPL";
    attr.log_buf = (uint64_t)(uintptr_t)log;
    attr.log_size = log_bytes;
    attr.log_level = 1;
    log[0] = '\0';
    long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0;
}

/** Whether there is a kernel that may be asked (bpf(2) wants privileges, and qemu-user has none).
 */
static inline bool kernel_answers(void)
{
    static const struct wn_slot nothing[] = {{.opcode = 0xb7}, {.opcode = 0x95}};
    char log[4096];
    return kernel_takes(WN_PROG_XDP, nothing, 2, log, sizeof log);
}
