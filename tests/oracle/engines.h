/* SPDX-License-Identifier: MIT */
/** A program on each engine of the library, over memory that it may write. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>

/** The last one is machine code again, without what only some processors have. */
enum engine { ENGINE_REFERENCE, ENGINE_INTERP, ENGINE_JIT, ENGINE_BASELINE, ENGINES };

extern const char *const engine_names[ENGINES];

/** A program made for all engines; an engine that this machine has not got is NULL. */
struct engines {
    struct wn_prog *progs[ENGINES];
    struct wn_run *run;
};

/** What a program works on: r1 is the data and r2 its length; the rest it has to know of. */
struct engine_memory {
    void *data;
    size_t bytes;
    void *rest;
    size_t rest_bytes;
};

/** Make a program on all engines; one that is refused, or no memory, ends the test with words. */
void engines_load(struct engines *e, const struct wn_slot *slots, size_t n);

/** Run it on an engine that is there. */
struct wn_result engines_run(struct engines *e, enum engine which,
                             const struct engine_memory *memory);

void engines_fini(struct engines *e);
