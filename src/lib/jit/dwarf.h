/* SPDX-License-Identifier: MIT */
/** What debuggers read of a compiled program, in DWARF 4. */
#pragma once

#include "jit/bytes.h"
#include "jit/code_file.h"

/** .debug_frame: how to unwind the stack, in everything but the parts that are cold. */
void wn_dwarf_frames(struct wn_bytes *b, const struct wn_code_file *file);

/** .debug_abbrev: the shapes of .debug_info's entries. */
void wn_dwarf_abbrevs(struct wn_bytes *b);

/** .debug_info: the program and its functions. */
void wn_dwarf_info(struct wn_bytes *b, const struct wn_code_file *file);

/** .debug_line: lines are slots, counted from 1. */
void wn_dwarf_lines(struct wn_bytes *b, const struct wn_code_file *file);
