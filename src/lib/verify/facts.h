/* SPDX-License-Identifier: MIT */
/** What holds of registers before each instruction, in every run. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"
#include "verify/value.h"

struct wn_facts;

/**
 * Find what holds in every run, by following all ways at once and keeping, where
 * they meet, what holds on each; loops are widened.
 *
 * Functions are looked at by themselves, with any arguments. Memory may hold
 * anything, and so may what helpers and functions return. Addresses are numbers
 * of which nothing is known.
 *
 * code   decoded and checked by wn_flow_check()
 * out    set on success alone; the caller frees it with wn_facts_free()
 *
 * Returns 0, WN_E_LIMIT (too many loops within each other to follow, or too many
 * targets of jumps) or -ENOMEM.
 */
int wn_facts_new(const struct wn_code *code, struct wn_facts **out, struct wn_error *err);

/** Free facts; NULL is allowed. */
void wn_facts_free(struct wn_facts *facts);

/** What is known of a register before the instruction at `slot`; NULL if no run comes there. */
const struct wn_value *wn_facts_find(const struct wn_facts *facts, uint32_t slot, unsigned reg);
