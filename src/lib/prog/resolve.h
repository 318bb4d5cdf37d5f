/* SPDX-License-Identifier: MIT */
/** From the numbers a program calls to what they call. */
#pragma once

#include "prog/prog.h"

/**
 * Find the helpers that a checked program calls, by number and, if it calls
 * through registers, by any of env->numbers.
 *
 * type   decides what of the library's helpers there is
 * code   decoded; its targets are set, and it borrows what is found from `out`
 * out    all zero; filled, in part on failure too; released by wn_callees_fini()
 *
 * Returns 0, WN_E_UNSUPPORTED (err->at calls what is not there), WN_E_LIMIT
 * (calls through a register times what they may name: over 65,536) or -ENOMEM.
 */
int wn_resolve(struct wn_code *code, enum wn_prog_type type, const struct wn_prog_env *env,
               struct wn_callees *out, struct wn_error *err);

/** Free what was found; all zero is allowed. */
void wn_callees_fini(struct wn_callees *callees);
