/* SPDX-License-Identifier: MIT */
/** Shapes of programs that verifiers take long for, or memory, or give up on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>
#include <winnow/insn.h>
#include <winnow/prog.h>

struct shape {
    const char *name;
    enum wn_prog_type type;
    int (*make)(struct wn_slot **slots, size_t *n, struct wn_error *err); /* the caller frees */
    uint32_t most_guarded;  /* accesses that need not be proved */
    uint32_t least_fuelled; /* loops that nobody can prove short, */
    uint32_t most_fuelled;  /* and that need not be proved */
    bool runs_out;          /* a run needs more fuel than there is */
};

extern const struct shape shapes[]; /* ends with name NULL */
