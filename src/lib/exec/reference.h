/* SPDX-License-Identifier: MIT */
/** The interpreter that is right by inspection: one slot a step, every access checked in full. */
#pragma once

#include "isa/code.h"

/**
 * Run decoded code.
 *
 * args   r1 to r5 at the start; the other registers are 0
 * run    fuel, stack, windows and regions have been set up for this run
 */
struct wn_result wn_reference_run(const struct wn_code *code, struct wn_run *run,
                                  const uint64_t args[5]);
