/* SPDX-License-Identifier: MIT */
/** How long it takes from slots to machine code. */
#pragma once

#include <stdbool.h>

#include <winnow/insn.h>

/** A program whose compilation is measured; the slots belong to somebody else. */
struct compile_source {
    const struct wn_slot *slots;
    size_t count;
};

/**
 * Print what compiling costs: each of the programs alone, then longer and longer
 * ones made of all of them, and the line through these points.
 *
 * False, with a message, if one does not compile or memory runs out.
 */
bool compile_report(const struct compile_source *sources, size_t n);
