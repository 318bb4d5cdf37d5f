/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
    long r = syscall(SYS_bpf, cmd, attr, sizeof *attr);
    return r < 0 ? -errno : (int)r;
}

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

const char *kernel_missing(void)
{
    static char why[80];
    static const struct wn_slot nothing[] = {{0xb7, 0, 0, 0}, {0x95, 0, 0, 0}};
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        return "big-endian kernels have registers the other way round";
    int prog = kernel_load(BPF_PROG_TYPE_XDP, nothing, 2, NULL, 0);
    if (prog < 0) {
        snprintf(why, sizeof why, "bpf(2) loads no program: %s", strerror(-prog));
        return why;
    }
    uint8_t packet[64] = {0};
    struct kernel_run run = {.data = packet, .data_bytes = sizeof packet};
    int r = kernel_run(prog, &run);
    close(prog);
    if (r == 0)
        return NULL;
    snprintf(why, sizeof why, "bpf(2) runs no program: %s", strerror(-r));
    return why;
}

int kernel_load(enum bpf_prog_type type, const struct wn_slot *slots, size_t n, char *log,
                size_t log_bytes)
{
    union bpf_attr attr = {0};
    attr.prog_type = type;
    attr.insns = address(slots);
    attr.insn_cnt = (uint32_t)n;
    attr.license = address("GPL");
    int r = bpf(BPF_PROG_LOAD, &attr);
    if (r >= 0 || !log)
        return r;
    /* The log is half of the work, and most programs load. */
    log[0] = 0;
    attr.log_level = 1;
    attr.log_buf = address(log);
    attr.log_size = (uint32_t)log_bytes;
    return bpf(BPF_PROG_LOAD, &attr);
}

int kernel_run(int prog, struct kernel_run *run)
{
    union bpf_attr attr = {0};
    attr.test.prog_fd = (uint32_t)prog;
    attr.test.data_in = address(run->data);
    attr.test.data_size_in = run->data_bytes;
    attr.test.data_out = address(run->data_out);
    attr.test.data_size_out = run->data_out_bytes;
    attr.test.ctx_in = address(run->ctx);
    attr.test.ctx_size_in = run->ctx_bytes;
    attr.test.ctx_out = address(run->ctx_out);
    attr.test.ctx_size_out = run->ctx_out_bytes;
    int r = bpf(BPF_PROG_TEST_RUN, &attr);
    if (r < 0)
        return r;
    run->data_out_bytes = attr.test.data_size_out;
    run->ctx_out_bytes = attr.test.ctx_size_out;
    run->result = attr.test.retval;
    return 0;
}

int kernel_repeat(int prog, const void *data, uint32_t bytes, uint32_t times, uint32_t *ns,
                  uint32_t *result)
{
    union bpf_attr attr = {0};
    attr.test.prog_fd = (uint32_t)prog;
    attr.test.data_in = address(data);
    attr.test.data_size_in = bytes;
    attr.test.repeat = times;
    int r = bpf(BPF_PROG_TEST_RUN, &attr);
    *ns = attr.test.duration;
    *result = attr.test.retval;
    return r;
}

int kernel_map_new(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes,
                   uint32_t entries, uint32_t flags)
{
    return kernel_map_new_extra(type, key_bytes, value_bytes, entries, flags, 0);
}

int kernel_map_new_extra(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes,
                         uint32_t entries, uint32_t flags, uint64_t extra)
{
    union bpf_attr attr = {0};
    attr.map_type = type;
    attr.map_extra = extra;
    attr.key_size = key_bytes;
    attr.value_size = value_bytes;
    attr.max_entries = entries;
    attr.map_flags = flags;
    return bpf(BPF_MAP_CREATE, &attr);
}

/** What all commands about one element have in common. */
static int element(enum bpf_cmd cmd, int map, const void *key, const void *value, uint64_t flags)
{
    union bpf_attr attr = {0};
    attr.map_fd = (uint32_t)map;
    attr.key = address(key);
    attr.value = address(value); /* or next_key, in the same place */
    attr.flags = flags;
    return bpf(cmd, &attr);
}

int kernel_map_update(int map, const void *key, const void *value, uint64_t flags)
{
    return element(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int kernel_map_lookup(int map, const void *key, void *value)
{
    return element(BPF_MAP_LOOKUP_ELEM, map, key, value, 0);
}

int kernel_map_delete(int map, const void *key)
{
    return element(BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

int kernel_map_next(int map, const void *key, void *next)
{
    return element(BPF_MAP_GET_NEXT_KEY, map, key, next, 0);
}

int kernel_map_take(int map, const void *key, void *value)
{
    return element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, value, 0);
}

int kernel_map_batch(enum bpf_cmd cmd, int map, struct kernel_batch *batch)
{
    union bpf_attr attr = {0};
    attr.batch.map_fd = (uint32_t)map;
    attr.batch.in_batch = address(batch->in);
    attr.batch.out_batch = address(batch->out);
    attr.batch.keys = address(batch->keys);
    attr.batch.values = address(batch->values);
    attr.batch.count = batch->count;
    attr.batch.elem_flags = batch->flags;
    int r = bpf(cmd, &attr);
    batch->count = attr.batch.count;
    return r;
}
