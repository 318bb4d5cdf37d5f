/* SPDX-License-Identifier: MIT */
/** A trial as a machine of vm.h: its interpreters and its compiled code through the public calls.
 */
#pragma once

#include "diff.h"
#include "trial.h"

/** Run a trial whose `machine` is set; false if the engines differ, which is printed unless quiet.
 */
bool machines_agree(const struct trial *t, bool quiet, struct diff_counts *counts);
