/* SPDX-License-Identifier: MIT */
/** Names that are meant by others: for hints. */
#pragma once

#include <stddef.h>

/** How many letters differ between two names, at most `limit` + 1; swapped neighbours count once.
 */
unsigned wn_name_distance(const char *a, size_t n, const char *b, size_t m, unsigned limit);

/** How many letters of a name of this length may be wrong for it still to be recognised. */
unsigned wn_name_slack(size_t len);
