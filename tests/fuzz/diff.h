/* SPDX-License-Identifier: MIT */
/** One program on every engine: all must agree in everything that can be seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/prog.h>

#include "isa/code.h"

struct trial;
struct watch;

/** What became of programs that were to be verified. */
struct diff_verified {
    uint64_t programs;
    uint64_t accepted;
    uint64_t whole; /* without anything to check when they run, though they access memory */
    uint64_t accesses, guarded;
    uint64_t loops, fuelled;
    uint64_t runs;
    uint64_t faults[WN_FAULTS];
    uint64_t longer; /* runs that fuel would have ended, of loops that have a bound */
};

/** What has happened over many programs, so that a test can tell whether it tested anything. */
struct diff_counts {
    uint64_t programs;
    uint64_t refused; /* damaged programs that were found out */
    uint64_t runs;
    uint64_t faults[WN_FAULTS];
    uint64_t compiled;    /* programs of which machine code took part */
    uint64_t baseline;    /* and those whose code differs without what only some processors have */
    uint64_t machines[4]; /* runs of each enum wn_vm_kind */
    uint64_t deepest[WN_CALL_DEPTH];      /* results by calls within each other */
    uint64_t times[WN_OPS_ENCODED];       /* instructions executed, by row */
    uint64_t faulted[WN_OPS][WN_FAULTS];  /* runs that ended so, by row and cause */
    uint64_t unsupported[WN_OPS_ENCODED]; /* programs refused for this row */
    uint64_t watched;                     /* instructions before which registers were looked at */
    uint64_t known;                       /* registers of which something was known there */
    uint64_t never;                       /* instructions that no run was to reach */
    struct diff_verified verified[2];     /* random programs, and those written as filters are */
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

/** As diff_one(), for a trial that is there already; one that differs is made smaller. */
bool diff_trial(struct trial *t, struct diff_counts *counts);

/** Count one run of the reference interpreter; its trace is cleared for the next. */
void diff_count(struct diff_counts *counts, const struct wn_code *decoded, struct wn_trace *trace,
                struct wn_result result);

/** Count what was looked at in the runs of one program. */
void diff_count_watched(struct diff_counts *counts, const struct wn_code *decoded,
                        const struct watch *w);

/** Count a program that was to be verified; NULL: it was rejected. */
void diff_count_verifying(struct diff_counts *counts, const struct trial *t,
                          const struct wn_prog *prog);

/** Count one run of a verified program, and how the same one ends with everything checked. */
void diff_count_verified(struct diff_counts *counts, const struct trial *t,
                         struct wn_result checked, struct wn_result verified);

/** Count one refusal. */
void diff_count_refused(struct diff_counts *counts, const struct trial *t,
                        const struct wn_error *err);

/** Print what has been proved. */
void diff_print_verified(const struct diff_counts *counts);

/** Print what has been reached, row by row. */
void diff_print_coverage(const struct diff_counts *counts);

/**
 * Whether every instruction and every way to end has been reached; what has not
 * is on standard error. Meant for 10,000 programs and more.
 */
bool diff_covers(const struct diff_counts *counts);
