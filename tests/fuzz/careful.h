/* SPDX-License-Identifier: MIT */
/**
 * Random programs as those who write filters write them: registers are written before
 * they are read, and what is accessed has been compared before, in one of the many
 * ways there are. Now and then something is forgotten, or wrong by a few bytes.
 */
#pragma once

#include <winnow/map.h>
#include <winnow/prog.h>

#include "gen.h"

#define CAREFUL_LENGTHS 8u

/** Lengths that a program has compared the packet's with: packets about as long are worth trying.
 */
struct careful_lengths {
    uint32_t bytes[CAREFUL_LENGTHS];
    uint32_t n; /* at first 0; that there ever were */
};

/** What programs may use besides the packet. */
struct careful_maps {
    const struct wn_map_opts *maps; /* by number */
    uint32_t n;
    uint32_t programs; /* the number of the program array, which is not among the n */
};

/**
 * Write a program of at most GEN_SLOTS slots and return its length.
 *
 * maps      NULL: there are none
 * lengths   added to; may be NULL
 */
size_t careful_program(struct gen *g, enum wn_prog_type type, const struct careful_maps *maps,
                       struct wn_slot *out, struct careful_lengths *lengths);

/** A length for a packet: one of these or nearly, most of the time; at most `most`. */
uint32_t careful_length(struct gen *g, const struct careful_lengths *lengths, uint32_t most);
