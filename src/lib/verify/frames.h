/* SPDX-License-Identifier: MIT */
/** The stack that functions within each other have in all. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "isa/code.h"

/** What kernels give to all of them: MAX_BPF_STACK of <linux/filter.h>. */
#define WN_STACK_IN_ALL 512u

/** The function that a slot of decoded code lies in. */
const struct wn_func *wn_frames_func(const struct wn_code *code, uint32_t slot);

/**
 * Find calls within each other that have more stack in all than kernels give:
 * check_max_stack_depth() of kernel/bpf/verifier.c, which rounds each function's up to 32 bytes.
 *
 * reach  of each function: how many bytes below r10 it touches
 * slot   set to the call that goes too far, if there is one
 * bytes  set to what these functions have in all
 *
 * Returns whether there is such a call; false also without memory.
 */
bool wn_frames_exceed(const struct wn_code *code, const uint16_t *reach, uint32_t *slot,
                      uint32_t *bytes);
