/* SPDX-License-Identifier: MIT */
/** What facts make of a program, before it is lowered. */
#pragma once

#include <winnow/err.h>

#include "isa/code.h"

/**
 * Change a program by what is known of each instruction in every run (code->facts):
 * branches that go one way become jumps or nothing, what nobody reaches becomes
 * nothing, results that are always the same constants, and moves that lose nothing
 * moves of 64 bits.
 *
 * Instructions stay where they are, so that slots, and what loops cost, stay the same.
 *
 * code   decoded; nothing is done if it has no facts
 *
 * Returns 0 or -ENOMEM.
 */
int wn_simplify(struct wn_code *code, struct wn_error *err);
