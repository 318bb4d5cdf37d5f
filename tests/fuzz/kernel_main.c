/* SPDX-License-Identifier: MIT */
/**
 * Differential test of programs written for the kernel: kernel [SEED [COUNT]]. COUNT
 * trials, made from the seeds that begin at SEED. SIGTERM and SIGINT end it with what
 * there is.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel.h"

static uint64_t seed;
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/** Machine code that touches what it must not, or a proof that does not hold: say which programs
 * those were. */
static void crashed(int number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "signal %d with seed %" PRIu64 "\n", number, seed);
    _exit(write(STDERR_FILENO, text, (size_t)n) < 0 ? 2 : 1);
}

static void print(const struct kernel_counts *c)
{
    printf("%" PRIu64 " trials, %" PRIu64 " programs refused, %" PRIu64 " compiled, %" PRIu64
           " runs, 33 tail calls %" PRIu64 ", faults behind one %" PRIu64 "; results %" PRIu64,
           c->trials, c->refused, c->compiled, c->runs, c->deepest, c->behind,
           c->faults[WN_FAULT_NONE]);
    for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        printf(", %s %" PRIu64, wn_fault_name((enum wn_fault)f), c->faults[f]);
    printf("\n");
    kernel_print_verified(c);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct kernel_counts c;
    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 5000;
#ifndef __SANITIZE_ADDRESS__
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGILL, crashed);
    signal(SIGABRT, crashed);
#endif
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (uint64_t i = 0; i < count && !stopped; i++, seed++) {
        if (!kernel_one(seed, &c))
            return 1;
        if (c.trials % 100000 == 0)
            print(&c);
    }
    print(&c);
    return c.trials < 30000 || kernel_covers(&c) ? 0 : 1;
}
