/* SPDX-License-Identifier: MIT */
/** What `-r` and `-i` end with: the counts of a run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct stats;

struct report {
    uint64_t packets, bytes;
    uint64_t accepted, rejected, faults;
    uint64_t aborted;       /* of those rejected */
    uint64_t written, lost; /* by the output; 0 without one */
    uint64_t dropped;       /* before they reached us */
    uint64_t elapsed_ns;
};

/** Sum up all interfaces (or input files) and outputs. */
void report_collect(const struct stats *stats, struct report *report);

/**
 * Print a report: lines for people, or one JSON object.
 *
 * writing   whether there was an output
 * live      whether the kernel could drop packets
 */
void report_print(const struct report *report, bool json, bool writing, bool live, FILE *to);
