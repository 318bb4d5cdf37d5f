/* SPDX-License-Identifier: MIT */
/** One program on every engine: all must agree in everything that can be seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What has happened over many programs, so that a test can tell whether it tested anything. */
struct diff_counts {
    uint64_t programs;
    uint64_t refused; /* damaged programs that were found out */
    uint64_t runs;
    uint64_t faults[8]; /* by enum wn_fault */
    bool compiled;      /* machine code took part */
};

/**
 * Make one program and its packets, run it on every engine.
 *
 * data   choices that come first; NULL with a length of 0 leaves all to the seed
 *
 * Returns whether the engines agree; if not, the program and what each of them
 * made of it are on standard error.
 */
bool diff_one(const uint8_t *data, size_t len, uint64_t seed, struct diff_counts *counts);
