/* SPDX-License-Identifier: MIT */
/**
 * Memory that is filled once and that nobody writes afterwards: what an
 * interpreter runs and calls, so that a stray or a hostile store elsewhere in
 * the process cannot make another program of a checked one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Fresh pages, all zero; released by wn_frozen_free(). NULL for 0 bytes and without memory. */
void *wn_frozen_new(size_t bytes);

/** Take the right to write them away for good; false if the system cannot. */
bool wn_frozen_seal(void *at, size_t bytes);

/** A sealed copy; NULL as above. */
void *wn_frozen_copy(const void *from, size_t bytes);

/** Unmap; NULL is allowed. */
void wn_frozen_free(const void *at, size_t bytes);
