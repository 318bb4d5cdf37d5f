/* SPDX-License-Identifier: MIT */
/** The structural check: what must hold before anything else looks at a program. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Check where control can go, and find the functions.
 *
 * Rejected: jumps and calls out of the program, out of their function or into
 * the second slot of a wide instruction; a function that does not end in an
 * exit or a jump; writes to r10; what this version cannot run (calls to kernel
 * functions, maps). Functions begin at slot 0 and at every target of a local
 * call or function address.
 *
 * code   decoded; funcs and mark are filled on success: an access through r10
 *        itself that stays in the frame is proved, every other one is not
 * err    at is the slot
 *
 * Returns 0, WN_E_MALFORMED, WN_E_REJECTED, WN_E_UNSUPPORTED, WN_E_LIMIT (calls
 * through a register times functions whose address is taken: over 65,536) or -ENOMEM.
 */
int wn_flow_check(struct wn_code *code, struct wn_error *err);
