/* SPDX-License-Identifier: MIT */
/**
 * Whether what the verifier proves holds: random programs that look like filters, and what
 * becomes of those when single instructions change, run on packets and numbers at which something
 * changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/map.h>
#include <winnow/prog.h>

#include "gen.h"

#define VERIFY_SLOTS   400 /* longest program */
#define VERIFY_INPUTS  6
#define VERIFY_PACKET  200 /* longest */
#define VERIFY_NUMBERS 48  /* constants of a program */
#define VERIFY_MAPS    8
#define VERIFY_ELEMENT 64 /* bytes of the largest value */

/** The maps of all programs, by their numbers. */
enum {
    VERIFY_HASH,
    VERIFY_ONE,
    VERIFY_MANY,
    VERIFY_STACK,
    VERIFY_LOCKED,
    VERIFY_FROZEN,
    VERIFY_PROGS,
    VERIFY_RING
};
extern const struct wn_map_opts verify_maps[VERIFY_MAPS];

struct verify_input {
    uint8_t bytes[VERIFY_PACKET];
    uint32_t length;
    uint32_t ifindex, queue, longer; /* `longer`: bytes that the packet had beyond these */
    bool low;                        /* no memory lies before it; else none behind it */
};

struct verify_trial {
    uint64_t seed;
    enum wn_prog_type type;
    struct wn_slot slots[VERIFY_SLOTS];
    size_t n;
    int64_t numbers[VERIFY_NUMBERS]; /* that the program compares with or adds */
    uint32_t n_numbers;
    struct verify_input inputs[VERIFY_INPUTS];
};

/** What has happened over many programs. */
struct verify_counts {
    uint64_t programs;
    uint64_t mutants; /* of these, changed ones */
    uint64_t refused;
    uint64_t whole; /* everything of them is proved */
    uint64_t runs;
    uint64_t steps;
    uint64_t accesses, proved, packet, guarded; /* executed: all, by what they were marked with */
    uint64_t calls, calls_proved;
    uint64_t back, back_proved; /* jumps back: taken */
    uint64_t regions[8];        /* proved accesses by where they went */
    uint64_t uncleared;         /* programs that never read what they have not written */
    uint64_t in_place, compiled;
    uint64_t facts; /* constants known of results */
    uint64_t faults[WN_FAULTS];
};

/** Where accesses go. */
enum verify_region {
    IN_STACK,
    IN_FRAME_ABOVE,
    IN_PACKET,
    IN_META,
    IN_CONTEXT,
    IN_VALUE,
    IN_CONSTANT
};

/** Write a program, from choices (may be empty) and then from the seed. */
void verify_make(struct verify_trial *t, struct gen *g);

/** Write the packets that a program is run on. */
void verify_make_inputs(struct verify_trial *t, struct gen *g);

/** Change a program in one to four places. */
void verify_mutate(struct verify_trial *t, struct gen *g);

/**
 * Make a program of a seed and run it, and then some that are like it.
 *
 * data   choices that come first; NULL with a length of 0 leaves all to the seed
 *
 * Returns whether everything holds; if not, the program and what does not are on standard error.
 */
bool verify_one(const uint8_t *data, size_t len, uint64_t seed, struct verify_counts *counts);

/** Whether enough was proved, guarded and run to call it a test; what was not is on standard error.
 * Meant for 5,000 programs and more. */
bool verify_covers(const struct verify_counts *counts);
