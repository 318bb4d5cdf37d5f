/* SPDX-License-Identifier: MIT */
/** What runs of programs written for the kernel have reached. */
#pragma once

#include "base/run.h"
#include "kernel.h"

/** Where calls of helpers are counted from now on; NULL: nowhere. */
void kernel_count_into(struct kernel_counts *counts);

/** A helper has returned. */
void kernel_count_call(const struct wn_run *run, uint32_t id, uint64_t result);

/** A program was to be verified; NULL: it was rejected. */
void kernel_count_verifying(struct kernel_counts *counts, const struct kernel_trial *t,
                            const struct wn_prog *prog);

/** A run of a verified program has ended, as has the same with everything checked. */
void kernel_count_verified(struct kernel_counts *counts, const struct kernel_trial *t,
                           struct wn_result checked, struct wn_result verified);

/**
 * A run has ended.
 *
 * times  how often each slot began, of whatever program
 */
void kernel_count_run(struct kernel_counts *counts, const struct kernel_trial *t,
                      const uint32_t *times, struct wn_result result, uint32_t tail_calls,
                      int32_t fault_prog);
