/* SPDX-License-Identifier: MIT */
/** Runs of the reference interpreter, held against what is known of every run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/run.h"
#include "isa/code.h"
#include "verify/facts.h"

/** A trace for the program whose facts are looked up; `trace` is first. */
struct watch {
    struct wn_trace trace;
    struct wn_facts *facts; /* NULL: nothing is known */
    uint64_t steps;         /* that have been looked at */
    uint64_t known;         /* registers of which something was known there */
    bool wrong;
    uint32_t slot; /* of the first wrong fact */
    unsigned reg;
    uint64_t number;
};

/** Find what is known of a program; what cannot be followed is not watched. */
void watch_begin(struct watch *w, const struct wn_code *decoded, uint32_t *times);

/** Let go; whether all that was known was so, else it is printed unless quiet. */
bool watch_end(struct watch *w, bool quiet);
