/* SPDX-License-Identifier: MIT */
/** Constants that whoever wrote a program cannot place in machine code. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Make a copy of lowered code in which no constant of the program stands as it
 * is: each becomes two that depend on a random number of its own, and are joined
 * when the program runs. For a program meant to be a quarry of instructions,
 * which something else then jumps into.
 *
 * Blinded are the constants of arithmetic, moves, wide immediates, stores,
 * comparisons and packet loads. Not blinded are distances of shifts (6 bits),
 * offsets of memory accesses (16 bits) and what follows from the program's shape
 * (jumps, fuel, slots).
 *
 * It has to be the last pass: one that folds constants would undo it.
 *
 * lowered   borrowed
 * out       set on success alone; the caller frees it with wn_code_free()
 *
 * Returns 0, -ENOMEM, or another -errno if the system has no random numbers.
 */
int wn_blind(const struct wn_code *lowered, struct wn_code **out, struct wn_error *err);
