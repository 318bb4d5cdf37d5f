/* SPDX-License-Identifier: MIT */
/** A program ready to run, as the two halves of this room share it. */
#pragma once

#include <winnow/prog.h>

#include "base/run.h"
#include "exec/interp.h"
#include "isa/code.h"
#include "jit/jit.h"

struct wn_prog {
    struct wn_prog_entry entry; /* first: wn_prog_run() knows nothing else */
    uint32_t stack_bytes;       /* of the stack's end: cleared, and within reach */
    uint32_t n_regions;
    const struct wn_region *regions; /* the object's */
    uint64_t fuel;
    struct wn_code *decoded;  /* WN_ENGINE_REFERENCE */
    struct wn_interp *interp; /* WN_ENGINE_INTERP */
    struct wn_jit jit;        /* WN_ENGINE_JIT */
    struct wn_object *object; /* keeps the regions alive; NULL without */
    struct wn_prog_info info;
};

/** The function that runs a program on an engine it has been made for. */
struct wn_prog_entry wn_prog_enter(const struct wn_prog *prog, enum wn_engine engine);
