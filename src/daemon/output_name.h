/* SPDX-License-Identifier: MIT */
/** Names of output files: patterns made into names, and names recognised again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PART_SUFFIX ".part" /* of a file that is being written */

/** What placeholders stand for. */
struct output_name {
    const char *output;
    uint64_t now_ns; /* since 1970 */
    uint64_t seq;
    unsigned copy; /* 2 and up: the name with -2, -3 before its extension, as it was taken */
};

/**
 * Make a name: %{output}, %{host}, %{utc:STRFTIME}, %{seq}, %{seq:WIDTH}.
 *
 * Returns 0, -EINVAL (unknown placeholder, a slash, or no name at all) or
 * -ENAMETOOLONG (with PART_SUFFIX it is longer than names may be, or than room).
 */
int output_name_print(const char *pattern, const struct output_name *with, char *to, size_t room);

/**
 * Could this name, of a file that is complete, have come from that pattern?
 *
 * seq   set to the number in it if the pattern has one
 */
bool output_name_parse(const char *pattern, const char *output, const char *name, uint64_t *seq);
