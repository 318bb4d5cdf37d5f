/* SPDX-License-Identifier: MIT */
/**
 * Looking into compiled programs: which instruction machine code came from, and
 * names for it in perf and gdb.
 *
 * Code is made in memory, so tools find no file with its symbols. What is
 * switched on here holds for the whole process and for every program compiled
 * from then on; programs themselves run as fast as before. Any thread may call
 * these functions at any time.
 *
 * Tools show a program under wn_prog_opts.name (without: the function or section
 * of its object, else "program"), its own functions as NAME.fSLOT, where it is
 * entered from outside, if that is a function too, as NAME.entry, and what guards and faults
 * rarely reach as NAME.cold. Line L of the "file" NAME.bpf is slot L - 1, as
 * tools have no line 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <winnow/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct wn_prog;

/** A stretch of machine code: it ends where the next begins. */
struct wn_code_line {
    uint32_t offset; /* from the beginning of wn_prog_info.code */
    uint32_t slot;   /* it came from; WN_NOWHERE: it is there for all of them */
};

/**
 * Where a program's machine code came from, in order of offsets; an instruction
 * may have several stretches or none. Lives as long as the program.
 *
 * count   set to the number of stretches
 *
 * NULL, and 0 of them, if the program is not compiled or was not made with wn_prog_opts.lines.
 */
WN_API const struct wn_code_line *wn_prog_lines(const struct wn_prog *prog, size_t *count);

/**
 * Record programs for perf: writes jit-PID.dump, in the format "jitdump" of the
 * Linux kernel's tools/perf.
 *
 * dir   where, on a file system that is not mounted noexec: perf learns of the file from
 *       a mapping of it that could be executed. An older file of that name is replaced
 *
 * Then: perf record -k mono PROGRAM; perf inject --jit -i perf.data -o jit.data; perf report -i
 * jit.data. A child after fork() does not record.
 *
 * Returns 0, -EBUSY (there is one already), -ENOMEM, or -errno with the system's reason.
 */
WN_API int wn_jitdump_open(const char *dir, struct wn_error *err);

/**
 * End the record, if there is one. What perf has to know of programs is in it
 * already.
 *
 * Returns 0, or -errno if it could not be written: then it is whole up to that program.
 */
WN_API int wn_jitdump_close(struct wn_error *err);

/**
 * Tell debuggers of programs, through gdb's JIT interface: symbols, lines, and
 * how to unwind the stack. Off at first. Programs that have been announced stay
 * so until they are freed.
 */
WN_API void wn_gdb_announce(bool on);

#ifdef __cplusplus
}
#endif
