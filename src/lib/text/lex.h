/* SPDX-License-Identifier: MIT */
/** Text to tokens, a line at a time. Tokens are views into the text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winnow/err.h>

enum wn_token_kind {
    WN_TOKEN_END,    /* of the line */
    WN_TOKEN_WORD,   /* a name: letters, digits and _ . $ */
    WN_TOKEN_NUMBER, /* without its sign */
    WN_TOKEN_MARK,   /* an operator or a bracket */
    WN_TOKEN_STRING, /* what stands between double quotes, escapes as written */
};

struct wn_token {
    const char *text; /* in the caller's text, not terminated */
    size_t len;
    uint64_t value; /* of a number */
    uint32_t column;
    uint8_t kind; /* enum wn_token_kind */
};

/** More than any instruction has, and enough for 60 values behind .byte. */
#define WN_LINE_TOKENS 124

struct wn_lexer {
    const char *at;
    const char *end;
    const char *line_start;
    uint32_t line; /* from 1 */
};

struct wn_line {
    struct wn_token tokens[WN_LINE_TOKENS + 1]; /* the last of them is an END */
    unsigned count;                             /* without the END */
    uint32_t number;

    /* What could not be read and ended the line; NULL if all could. Directives that mean nothing
     * here may hold anything, so it is no error before somebody needs the line. */
    const char *wrong;         /* static memory; goes before the quoted token */
    struct wn_token wrong_one; /* that token */
};

/** A lexer before the first line of `len` bytes. */
struct wn_lexer wn_lexer_init(const char *text, size_t len);

/**
 * Read the next line. Comments are left out; one that spans lines ends its line.
 *
 * Returns 1, also for a line with something wrong on it: a character that means nothing, a number
 * that is none, too many tokens; 0 after the last line; WN_E_SYNTAX for a comment without an end.
 */
int wn_lex_line(struct wn_lexer *lexer, struct wn_line *line, struct wn_error *err);

/** Whether a token is this word (in either case) or mark. */
bool wn_token_is(const struct wn_token *token, const char *text, size_t len);

/** The number of the register a token names, -1 if it names none. *wide: whether it is r, not w. */
int wn_token_register(const struct wn_token *token, bool *wide);

/** A token for a message: printable, shortened, in quotes; or "the end of the line". */
struct wn_quoted {
    char text[48];
};
struct wn_quoted wn_token_quote(const struct wn_token *token);
