/* SPDX-License-Identifier: MIT */
/**
 * Differential test: diff [--coverage] [SEED [COUNT]]. COUNT programs, made from
 * the seeds that begin at SEED. A long run shows where it is every 100,000
 * programs; SIGTERM and SIGINT end it with what there is.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diff.h"

static uint64_t seed;
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/** Machine code that touches what it must not, or a proof that does not hold: say which program
 * that was. */
static void crashed(int number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "signal %d with seed %" PRIu64 "\n", number, seed);
    if (write(STDERR_FILENO, text, (size_t)n) < 0)
        _exit(2);
    _exit(1);
}

static void print(const struct diff_counts *c)
{
    printf("%" PRIu64 " programs, %" PRIu64 " refused, %" PRIu64 " runs, machine code %" PRIu64
           ", in two ways %" PRIu64 "\n",
           c->programs, c->refused, c->runs, c->compiled, c->baseline);
    printf("results %" PRIu64 ", faults:", c->faults[WN_FAULT_NONE]);
    for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        printf(" %s %" PRIu64, wn_fault_name((enum wn_fault)f), c->faults[f]);
    printf("\n%" PRIu64 " instructions looked at, %" PRIu64 " registers known there, %" PRIu64
           " never reached\n",
           c->watched, c->known, c->never);
    diff_print_verified(c);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bool coverage = argc > 1 && strcmp(argv[1], "--coverage") == 0;
    argv += coverage;
    argc -= coverage;
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 20000;
    static struct diff_counts c;
#ifndef __SANITIZE_ADDRESS__
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGILL, crashed);
    signal(SIGABRT, crashed);
#endif
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (uint64_t i = 0; i < count && !stopped; i++, seed++) {
        if (!diff_one(NULL, 0, seed, &c))
            return 1;
        if (c.programs % 100000 == 0)
            print(&c);
    }
    print(&c);
    if (coverage)
        diff_print_coverage(&c);
    return c.programs < 10000 || diff_covers(&c) ? 0 : 1;
}
