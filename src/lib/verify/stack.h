/* SPDX-License-Identifier: MIT */
/** How much of the stack a program has to do with. */
#pragma once

#include "isa/code.h"

/**
 * Bytes of stack, counted from its end, that a checked program can touch; only
 * these need clearing before a run, and only these are within its reach.
 *
 * If r10 is used for nothing but proved accesses, that is down to the lowest of
 * them. Otherwise the stack's address is out, and it is every frame that calls
 * can open.
 *
 * code   decoded; wn_flow_check() has passed it
 * out    set on success alone
 *
 * Returns 0 or -ENOMEM.
 */
int wn_stack_need(const struct wn_code *code, uint32_t *out, struct wn_error *err);
