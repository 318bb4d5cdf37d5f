/* SPDX-License-Identifier: MIT */
/** From lowered code to machine code in pages that are never writable and executable. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/debug.h>
#include <winnow/err.h>

#include "isa/code.h"

/** Compiled code, called like a function of the machine's C ABI. r4 and r5 start at 0. */
typedef struct wn_result (*wn_jit_fn)(uint64_t r1, uint64_t r2, uint64_t r3, struct wn_run *run);

/** What compiled code needs of its run, as bits; the stack is the program's affair. */
enum {
    WN_JIT_WINDOW = 1, /* the window of loads */
    WN_JIT_RUN = 2,    /* everything: it has guards, spends fuel, calls, or has a stack */
};

struct wn_jit {
    wn_jit_fn enter;
    const uint8_t *code; /* executable and read-only; unmapped by wn_jit_fini() */
    size_t bytes;
    uint8_t needs;              /* WN_JIT_WINDOW, WN_JIT_RUN; 0 if it only computes */
    struct wn_code_line *lines; /* wn_jit_opts.lines; else NULL */
    size_t n_lines;
    struct wn_gdb_file *gdb; /* what a debugger knows of it; NULL: nothing */
};

/** For those who look at compiled code. */
struct wn_jit_opts {
    const char *name; /* in tools; borrowed for the call; NULL: "program" */
    bool lines;       /* keep where the code came from */
};

/**
 * Compile lowered code for this machine.
 *
 * code   borrowed for the call, but for the helpers it calls: these for as long as the result
 * opts   NULL means the defaults
 * out    set on success alone; the caller releases it with wn_jit_fini()
 *
 * Returns 0, -ENOMEM, WN_E_LIMIT (more code than jumps reach over) or WN_E_NOJIT with
 * the reason: another processor, or pages that cannot be made executable here.
 */
int wn_jit_compile(const struct wn_code *code, const struct wn_jit_opts *opts, struct wn_jit *out,
                   struct wn_error *err);

/** The same with fewer of the processor's features (jit/backend.h), so that tests reach all code.
 */
int wn_jit_compile_for(const struct wn_code *code, uint32_t features, struct wn_jit *out,
                       struct wn_error *err);

/** Unmap the code, which nobody runs or debugs any more; all zero is allowed. */
void wn_jit_fini(struct wn_jit *jit);
