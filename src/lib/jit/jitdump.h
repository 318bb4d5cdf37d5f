/* SPDX-License-Identifier: MIT */
/** Compiled programs in perf's jitdump file, while wn_jitdump_open() holds one open. */
#pragma once

#include <stdbool.h>

#include <winnow/err.h>

#include "jit/code_file.h"

/** Whether programs are recorded now. */
bool wn_jitdump_wanted(void);

/**
 * Record a program, if programs are recorded. A file that cannot be written is
 * no reason to refuse the program: wn_jitdump_close() will say so.
 *
 * Returns 0 or -ENOMEM.
 */
int wn_jitdump_add(const struct wn_code_file *file, struct wn_error *err);
