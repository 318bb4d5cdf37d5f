/* SPDX-License-Identifier: MIT */
/** Pages that hold machine code: executable, and never writable by anyone from then on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

/**
 * Copy machine code into fresh pages that can be executed and read.
 *
 * The pages are a private mapping of a memory file that is sealed before it is
 * mapped, so no mapping of them is ever writable. This also works where
 * processes may not make pages executable themselves: under
 * prctl(PR_SET_MDWE) and systemd's MemoryDenyWriteExecute (which forbid
 * mprotect() and writable executable mappings), and at vm.memfd_noexec = 2.
 *
 * code    borrowed for the call; never empty
 * out     set on success alone; released by wn_pages_unmap() with the same size
 *
 * Returns 0 or WN_E_NOJIT with the system's reason.
 */
int wn_pages_seal(const uint8_t *code, size_t bytes, const uint8_t **out, struct wn_error *err);

/** Unmap; NULL is allowed. */
void wn_pages_unmap(const uint8_t *code, size_t bytes);
