/* SPDX-License-Identifier: MIT */
/** Numbers as they are written: literals, constants, and arithmetic with both. */
#pragma once

#include <stdbool.h>

#include "text/lex.h"
#include "text/symbol.h"

/** What an expression cannot mean, though it is well formed. */
struct wn_expr_trouble {
    const struct wn_token *at; /* NULL: nothing */
    const char *what;          /* static memory; goes behind the quoted token */
};

/**
 * Read an expression: + and - bind least, then & | ^, then * / % << >>, then the signs + - ~, as
 * in GNU as and LLVM; parentheses.
 *
 * at       moved behind it, or to where something is missing
 * out      set on success; its sign is kept apart, so that callers can tell -1 from 2^64 - 1
 * trouble  the first there is; *out means nothing then
 * *
 * Returns NULL, or what is missing at *at: "a number".
 */
const char *wn_expr_read(const struct wn_symbols *symbols, const struct wn_token **at,
                         struct wn_number *out, struct wn_expr_trouble *trouble);
