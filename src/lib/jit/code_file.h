/* SPDX-License-Identifier: MIT */
/** A compiled program as it is shown to tools that expect code to come from files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa/code.h"
#include "jit/layout.h"

struct wn_code_file {
    const struct wn_code *prog; /* lowered */
    const struct wn_layout *layout;
    const char *name;
    const uint8_t *code; /* where it runs */
    size_t bytes;
};

/** The lines of a part are those from the result up to `*end`; the first may begin before it. */
static inline size_t wn_part_lines(const struct wn_layout *layout, const struct wn_part *part,
                                   size_t *end)
{
    size_t from = 0;
    while (from < layout->lines.len && layout->lines.data[from].offset < part->offset)
        from++;
    *end = from;
    while (*end < layout->lines.len && layout->lines.data[*end].offset < part->offset + part->bytes)
        ++*end;
    return from;
}
