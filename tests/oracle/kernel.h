/* SPDX-License-Identifier: MIT */
/** The kernel's own eBPF machine as a judge of ours: bpf(2), without a library in between. */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/insn.h>

/** Why the kernel cannot be asked here, in words; NULL if it can. */
const char *kernel_missing(void);

/**
 * Load a program under the licence GPL.
 *
 * log   what the kernel's verifier says of a program it refuses, terminated; may be NULL
 *
 * Returns a descriptor, for the caller to close, or -errno.
 */
int kernel_load(enum bpf_prog_type type, const struct wn_slot *slots, size_t n, char *log,
                size_t log_bytes);

/** One run. Buffers are borrowed, and NULL with 0 bytes where there is nothing to say. */
struct kernel_run {
    const void *data; /* the packet */
    void *data_out;   /* what became of it */
    const void *ctx;  /* the program's context, such as struct __sk_buff */
    void *ctx_out;
    uint32_t data_bytes;
    uint32_t data_out_bytes; /* room before, length after the run */
    uint32_t ctx_bytes;
    uint32_t ctx_out_bytes; /* the same */
    uint32_t result;        /* low half of r0, set by the run */
};

/** Run a loaded program once (BPF_PROG_TEST_RUN). Returns 0 or -errno. */
int kernel_run(int prog, struct kernel_run *run);

/** Run a loaded program many times. Returns 0 or -errno; `ns` is what one run took on average, as
 * the kernel has measured it, `result` what the last one gave. */
int kernel_repeat(int prog, const void *data, uint32_t bytes, uint32_t times, uint32_t *ns,
                  uint32_t *result);

/** Make a map. Returns a descriptor, for the caller to close, or -errno. */
int kernel_map_new(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes,
                   uint32_t entries, uint32_t flags);

/** As kernel_map_new(), with map_extra. */
int kernel_map_new_extra(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes,
                         uint32_t entries, uint32_t flags, uint64_t extra);

/** Set the value of a key (BPF_ANY, BPF_NOEXIST, BPF_EXIST). Returns 0 or -errno. */
int kernel_map_update(int map, const void *key, const void *value, uint64_t flags);

/** Copy out the value of a key; of a per-CPU map those of all CPUs. Returns 0 or -errno. */
int kernel_map_lookup(int map, const void *key, void *value);

/** Forget a key. Returns 0 or -errno. */
int kernel_map_delete(int map, const void *key);

/** The key behind `key`, the first one for NULL. Returns 0, or -ENOENT behind the last one. */
int kernel_map_next(int map, const void *key, void *next);

/** Copy out the value of a key and forget it. Returns 0 or -errno. */
int kernel_map_take(int map, const void *key, void *value);

/** As struct wn_map_batch. */
struct kernel_batch {
    const void *in;
    void *out, *keys, *values;
    uint32_t count;
    uint64_t flags;
};

/** BPF_MAP_LOOKUP_BATCH and its kin. Returns 0 or -errno; either way `count` is what was done. */
int kernel_map_batch(enum bpf_cmd cmd, int map, struct kernel_batch *batch);
