/* SPDX-License-Identifier: MIT */
/**
 * Any bytes as the slots of a program: all engines refuse it, or all run it and
 * agree. What is left behind the last slot chooses how it is run.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct diff_counts counts;
    static struct trial t;
    size_t rest = len % WN_SLOT_BYTES;
    uint8_t how[2] = {0};
    memcpy(how, data + len - rest, rest < sizeof how ? rest : sizeof how);
    if (len / WN_SLOT_BYTES > GEN_SLOTS)
        return 0;
    trial_make(&t, how, 0, how[1]);
    t.n = len / WN_SLOT_BYTES;
    memcpy(t.slots, data, len - rest);
    t.fuel = 5000;
    t.damaged = true;
    t.divide_faults = how[0] & 1;
    t.numbers = how[0] >> 1 & 1;
    t.check = (uint8_t)((how[0] >> 2 & 3) * WN_CHECK_RUN);
    t.machine = (how[0] >> 4) % 5;
    if (!diff_trial(&t, &counts))
        abort();
    return 0;
}
