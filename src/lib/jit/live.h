/* SPDX-License-Identifier: MIT */
/** Which registers something may still read. */
#pragma once

#include <stdint.h>

#include "isa/code.h"

/** Registers live where a block begins and where it ends, as masks. */
struct wn_live {
    uint16_t in, out;
};

/**
 * Find the registers that are live around each block of lowered code.
 *
 * code   lowered; borrowed for the call
 * touch  of each of its operations; borrowed for the call
 * out    set on success alone: of each block, freed with free()
 *
 * Exact along jumps within a function; calls count as wn_op_uses() says. Takes
 * time in proportion to the program whatever its shape: a block is looked at
 * again only when a register became live in a successor.
 *
 * Returns 0 or -ENOMEM.
 */
int wn_live_find(const struct wn_code *code, const struct wn_touch *touch, struct wn_live **out,
                 struct wn_error *err);
