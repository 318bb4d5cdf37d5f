/* SPDX-License-Identifier: MIT */
/** Compiled programs as gdb's JIT interface announces them, while wn_gdb_announce() says so. */
#pragma once

#include <stdbool.h>

#include <winnow/err.h>

#include "jit/code_file.h"

struct wn_gdb_file;

/** Whether programs are announced now. */
bool wn_gdb_wanted(void);

/**
 * Announce a program, if programs are announced.
 *
 * out   set on success alone: taken back by wn_gdb_remove(); NULL if there is nothing to
 *
 * Returns 0 or -ENOMEM.
 */
int wn_gdb_add(const struct wn_code_file *file, struct wn_gdb_file **out, struct wn_error *err);

/** Take a program back; NULL is allowed. */
void wn_gdb_remove(struct wn_gdb_file *file);
