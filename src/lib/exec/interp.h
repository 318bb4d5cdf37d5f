/* SPDX-License-Identifier: MIT */
/** The fast interpreter: lowered code, direct threaded. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

struct wn_interp;

/**
 * Prepare lowered code for interpretation.
 *
 * code   borrowed for the call, but for the helpers it calls: these for as long as the result
 * out    set on success alone; the caller frees it with wn_interp_free()
 *
 * Returns 0 or -ENOMEM.
 */
int wn_interp_new(const struct wn_code *code, struct wn_interp **out, struct wn_error *err);

/** Free; NULL is allowed. */
void wn_interp_free(struct wn_interp *interp);

/**
 * Run; as wn_reference_run(), with the same results and the same faults. Nobody starts with
 * anything in r4 or r5.
 */
struct wn_result wn_interp_run(const struct wn_interp *interp, struct wn_run *run, uint64_t r1,
                               uint64_t r2, uint64_t r3);
