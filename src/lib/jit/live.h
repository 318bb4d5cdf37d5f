/* SPDX-License-Identifier: MIT */
/** Which registers something may still read. */
#pragma once

#include <stdint.h>

#include "isa/code.h"

/**
 * Find the registers that are live where each block of lowered code begins.
 *
 * code   lowered; borrowed for the call
 * out    set on success alone: a mask for each block, freed with free()
 *
 * Exact along jumps within a function; calls count as wn_op_uses() says. Takes
 * time in proportion to the program whatever its shape: a block is looked at
 * again only when a register became live in a successor.
 *
 * Returns 0 or -ENOMEM.
 */
int wn_live_find(const struct wn_code *code, uint16_t **out, struct wn_error *err);

/** Registers live at the end of a block: what its successors find live. */
uint32_t wn_live_out(const struct wn_code *code, const uint16_t *in, uint32_t block);

/** Whether an operation does nothing but write dst, so that it can go if nobody reads that. */
static inline bool wn_op_is_pure(const struct wn_op *op)
{
    enum wn_kind kind = wn_op_kind(op);
    return kind == WN_KIND_ALU || kind == WN_KIND_WIDE || kind == WN_KIND_LOAD;
}
