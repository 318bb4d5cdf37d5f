/* SPDX-License-Identifier: MIT */
/** Lines of tests/data/raw: bytes of instructions that were not made by our assembler. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <winnow/insn.h>

enum { MOST_SLOTS = 2 };

/** One line of a file: its slots, what they read as; 0 slots for a line that is a comment. */
struct raw_fixture {
    struct wn_slot slots[MOST_SLOTS];
    size_t count;
    char *text;
    bool compiled; /* a compiler emitted it; else somebody wrote its text */
};

static inline struct raw_fixture raw_fixture_parse(char *line)
{
    struct raw_fixture f = {0};
    uint8_t bytes[MOST_SLOTS * WN_SLOT_BYTES];
    size_t n = 0;
    char *tab = strchr(line, '\t');
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || line[0] == 0)
        return f;
    assert_non_null(tab);
    for (char *at = line; at < tab; n++) {
        assert_true(n < sizeof bytes);
        bytes[n] = (uint8_t)strtoul(at, &at, 16);
    }
    assert_true(n == WN_SLOT_BYTES || n == sizeof bytes);
    f.count = n / WN_SLOT_BYTES;
    for (size_t i = 0; i < f.count; i++)
        f.slots[i] = wn_slot_decode(&bytes[i * WN_SLOT_BYTES]);
    f.text = tab + 1;
    f.compiled = strstr(f.text, "\tclang ") != NULL;
    f.text[strcspn(f.text, "\t")] = 0;
    return f;
}
