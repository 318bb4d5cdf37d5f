/* SPDX-License-Identifier: MIT */
/** The kernel's verifier, asked about programs that ours is asked about too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/insn.h>
#include <winnow/prog.h>

/** What the kernel said. */
struct verdict {
    bool accepted;     /* all programs of an object */
    char reason[200];  /* why not: the last line of its log, or the system's error */
    uint64_t steps;    /* instructions that it looked at */
    uint64_t micros;   /* its own measurement (BPF_LOG_STATS): verification alone, not the compiler,
                          except that of programs with functions, which are compiled inside */
    bool micros_known; /* the log had it */
};

/** Why the kernel cannot be asked here, in words; NULL if it can. */
const char *judge_missing(void);

/**
 * Ask about all programs of an object; times and steps are their sums.
 *
 * why  ask for reasons too: of what is refused after a million steps they take long, since the
 *      kernel writes a line for each
 */
void judge_object(const char *path, bool why, struct verdict *out);

/** The same of slots without maps, for a type of the kernel's. */
void judge_slots(enum wn_prog_type type, const struct wn_slot *slots, size_t n, bool why,
                 struct verdict *out);
