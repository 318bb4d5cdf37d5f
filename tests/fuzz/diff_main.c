/* SPDX-License-Identifier: MIT */
/** Differential test: diff [SEED [COUNT]]. COUNT programs, made from the seeds that begin at SEED.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <winnow/prog.h>

#include "diff.h"

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 20000;
    struct diff_counts c = {0};
    for (uint64_t i = 0; i < count; i++)
        if (!diff_one(NULL, 0, seed + i, &c))
            return 1;
    printf("%" PRIu64 " programs, %" PRIu64 " refused, %" PRIu64 " runs, machine code %s\n",
           c.programs, c.refused, c.runs, c.compiled ? "included" : "NOT included");
    printf("results %" PRIu64 ", faults:", c.faults[WN_FAULT_NONE]);
    for (unsigned f = WN_FAULT_NONE + 1; f < WN_FAULTS; f++)
        printf(" %s %" PRIu64, wn_fault_name((enum wn_fault)f), c.faults[f]);
    printf("\n");
    /* A generator that no longer reaches something tests nothing there. */
    for (unsigned f = 0; f < WN_FAULTS; f++)
        if (count >= 10000 && c.faults[f] == 0) {
            printf("%s never happened\n", wn_fault_name((enum wn_fault)f));
            return 1;
        }
    return 0;
}
