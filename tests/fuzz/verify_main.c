/* SPDX-License-Identifier: MIT */
/**
 * Whether what is proved holds: verify [SEED [COUNT]]. COUNT seeds from SEED on; of each a program
 * and some that are like it. A long run shows where it is every 100,000 seeds; SIGTERM and SIGINT
 * end it with what there is.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify.h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void print(uint64_t seed, const struct verify_counts *c)
{
    printf("to seed %" PRIu64 ": %" PRIu64 " programs (%" PRIu64 " of them changed ones), %" PRIu64
           " refused, %" PRIu64 " proved wholly\n",
           seed, c->programs, c->mutants, c->refused, c->whole);
    printf("  %" PRIu64 " compiled, %" PRIu64 " in place, %" PRIu64 " without clearing, %" PRIu64
           " constants known\n",
           c->compiled, c->in_place, c->uncleared, c->facts);
    printf("  %" PRIu64 " runs, %" PRIu64 " steps; accesses: %" PRIu64 " proved, %" PRIu64
           " against the packet, %" PRIu64 " guarded\n",
           c->runs, c->steps, c->proved, c->packet, c->guarded);
    printf("  calls: %" PRIu64 " of %" PRIu64 " proved; jumps back: %" PRIu64 " of %" PRIu64
           " without fuel\n  proved in: stack %" PRIu64 ", above %" PRIu64 ", packet %" PRIu64
           ", meta %" PRIu64 ", context %" PRIu64 ", values %" PRIu64 ", constants %" PRIu64 "\n ",
           c->calls_proved, c->calls, c->back_proved, c->back, c->regions[0], c->regions[1],
           c->regions[2], c->regions[3], c->regions[4], c->regions[5], c->regions[6]);
    for (unsigned f = WN_FAULT_NONE; f < WN_FAULTS; f++)
        printf(" %s %" PRIu64, wn_fault_name((enum wn_fault)f), c->faults[f]);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct verify_counts c;
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 5000;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (uint64_t i = 0; i < count && !stopped; i++, seed++) {
        if (!verify_one(NULL, 0, seed, &c))
            return 1;
        if ((i + 1) % 100000 == 0)
            print(seed, &c);
    }
    print(seed, &c);
    return c.programs < 5000 || verify_covers(&c) ? 0 : 1;
}
