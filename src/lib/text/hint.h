/* SPDX-License-Identifier: MIT */
/** Words for a line that nobody understands. */
#pragma once

#include "text/lex.h"

/** What would have been understood at the furthest place that any shape reached. */
struct wn_expected {
    const struct wn_token *at; /* NULL: nothing was tried yet */
    unsigned count;
    struct wn_expected_word {
        const char *text; /* static memory */
        uint8_t len;
        bool quoted; /* stands for itself, not a description */
    } words[12];
};

/** Note that `text` would have been understood at a token; forgotten if another got further. */
void wn_expect(struct wn_expected *expected, const struct wn_token *at, const char *text,
               size_t len, bool quoted);

/** Fail with what was expected. Returns WN_E_SYNTAX. */
int wn_fail_expected(const struct wn_expected *expected, uint32_t line, struct wn_error *err);

/** Fail because a line begins with no instruction; suggests one. Returns WN_E_SYNTAX. */
int wn_fail_unknown(const struct wn_token *first, uint32_t line, struct wn_error *err);
