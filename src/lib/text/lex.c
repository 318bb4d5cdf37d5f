/* SPDX-License-Identifier: MIT */
#include "text/lex.h"

#include <string.h>
#include <strings.h>

struct wn_lexer wn_lexer_init(const char *text, size_t len)
{
    if (!text)
        text = "";
    return (struct wn_lexer){.at = text, .end = text + len, .line_start = text, .line = 1};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '$';
}

static char peek(const struct wn_lexer *lx, size_t ahead)
{
    return ahead < (size_t)(lx->end - lx->at) ? lx->at[ahead] : 0;
}

static uint32_t column_of(const struct wn_lexer *lx, const char *at)
{
    return (uint32_t)(at - lx->line_start) + 1;
}

static void new_line(struct wn_lexer *lx)
{
    lx->line++;
    lx->line_start = lx->at;
}

/** Value of a digit in any base up to 36; 99 for what is no digit. */
static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

/** Digits to a value; returns what is wrong with them, NULL if nothing is. */
static const char *parse_digits(const char *s, size_t n, uint64_t *value)
{
    unsigned base = 10;
    if (n > 1 && s[0] == '0') {
        char mark = (char)(s[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8; /* 0o17, and 017 as in C */
        size_t prefix = base != 8 || mark == 'o' ? 2 : 1;
        s += prefix;
        n -= prefix;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = digit_value(s[i]);
        if (d >= base)
            return "bad number";
        if (v > (UINT64_MAX - d) / base)
            return "number of more than 64 bits";
        v = v * base + d;
    }
    *value = v;
    return n ? NULL : "bad number";
}

static const char *lex_number(struct wn_lexer *lx, struct wn_token *t)
{
    t->kind = WN_TOKEN_NUMBER;
    while (t->len < (size_t)(lx->end - lx->at) &&
           (is_digit(t->text[t->len]) || is_letter(t->text[t->len])))
        t->len++;
    lx->at += t->len;
    return parse_digits(t->text, t->len, &t->value);
}

/** 'a', and the escapes of C that a protocol needs. */
static const char *lex_char(struct wn_lexer *lx, struct wn_token *t)
{
    static const char names[] = "ntr0\\'", values[] = "\n\t\r\0\\'";
    char c = peek(lx, 1), escape = c == '\\' ? peek(lx, 2) : 0;
    const char *found = escape ? strchr(names, escape) : NULL;
    size_t len = found ? 4 : 3;
    bool good = found || (c != '\\' && c != '\'' && c != '\n');
    t->kind = WN_TOKEN_NUMBER;
    t->len = 1;
    if (!good || peek(lx, len - 1) != '\'')
        return "no character between quotes after";
    t->value = (uint8_t)(found ? values[found - names] : c);
    t->len = len;
    lx->at += len;
    return NULL;
}

static const char *lex_string(struct wn_lexer *lx, struct wn_token *t)
{
    const char *at = lx->at + 1;
    while (at < lx->end && *at != '"' && *at != '\n')
        at += *at == '\\' && lx->end - at > 1 && at[1] != '\n' ? 2 : 1;
    t->kind = WN_TOKEN_STRING;
    t->len = 1;
    if (at == lx->end || *at != '"')
        return "no end to the string after";
    t->text++;
    t->len = (size_t)(at - t->text);
    lx->at = at + 1;
    return NULL;
}

/** Longest first, so that the first that fits is the one. */
static const char *const marks[] = {
    "s>>=", "<<=", ">>=", "s>=", "s<=", "s/=", "s%=", "s>", "s<", "+=", "-=", "*=", "/=", "%=",
    "&=",   "|=",  "^=",  "==",  "!=",  ">=",  "<=",  "<<", ">>", "=",  ">",  "<",  "&",  "|",
    "^",    "~",   "+",   "-",   "*",   "/",   "%",   "(",  ")",  "[",  "]",  ",",  ":",  0};

static size_t mark_length(const struct wn_lexer *lx)
{
    size_t left = (size_t)(lx->end - lx->at);
    for (const char *const *m = marks; *m; m++) {
        size_t n = strlen(*m);
        if (n <= left && strncasecmp(lx->at, *m, n) == 0)
            return n;
    }
    return 0;
}

/** Read a token; returns what is wrong with it, NULL if nothing is. */
static const char *lex_token(struct wn_lexer *lx, struct wn_token *t)
{
    *t = (struct wn_token){.text = lx->at, .column = column_of(lx, lx->at)};
    if (is_digit(*lx->at))
        return lex_number(lx, t);
    if (*lx->at == '\'')
        return lex_char(lx, t);
    if (*lx->at == '"')
        return lex_string(lx, t);
    bool percent = *lx->at == '%' && is_letter(peek(lx, 1)); /* %r1, as uBPF has it */
    if (percent)
        t->text = ++lx->at;
    size_t n = percent || (is_letter(*lx->at) && (*lx->at | 0x20) != 's') ? 0 : mark_length(lx);
    if (n) {
        t->kind = WN_TOKEN_MARK;
    } else {
        t->kind = WN_TOKEN_WORD;
        while (is_letter(peek(lx, n)) || (n && is_digit(peek(lx, n))))
            n++;
    }
    t->len = n ? n : 1;
    lx->at += t->len;
    bool wide;
    if (percent && wn_token_register(t, &wide) < 0)
        return "no register is called";
    return n ? NULL : "unexpected character";
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/** Skip what is left of a line, up to its end. */
static void skip_rest(struct wn_lexer *lx)
{
    const char *nl = memchr(lx->at, '\n', (size_t)(lx->end - lx->at));
    lx->at = nl ? nl : lx->end;
}

/** Skip a comment between slash and star. Returns 1 if it held a line end, 0, or WN_E_SYNTAX. */
static int skip_block(struct wn_lexer *lx, struct wn_error *err)
{
    struct wn_token open = {.text = lx->at, .len = 2, .kind = WN_TOKEN_MARK};
    struct wn_lexer start = *lx;
    int lines = 0;
    for (lx->at += 2; lx->end - lx->at >= 2; lx->at++) {
        if (lx->at[0] == '*' && lx->at[1] == '/') {
            lx->at += 2;
            return lines;
        }
        if (*lx->at == '\n') {
            lx->line++;
            lx->line_start = lx->at + 1;
            lines = 1;
        }
    }
    int r = wn_fail(err, WN_E_SYNTAX, start.line, "no end to the comment that begins %s",
                    wn_token_quote(&open).text);
    if (err)
        err->column = column_of(&start, start.at);
    return r;
}

/** Skip blanks and comments. Returns 1 at the end of the line, 0 before a token, or WN_E_SYNTAX. */
static int skip_blanks(struct wn_lexer *lx, struct wn_error *err)
{
    while (lx->at < lx->end) {
        char c = *lx->at, next = peek(lx, 1);
        if (c == '\n') {
            lx->at++;
            new_line(lx);
            return 1;
        }
        if (c == ';' || c == '#' || (c == '/' && next == '/')) {
            skip_rest(lx);
        } else if (c == '/' && next == '*') {
            int r = skip_block(lx, err);
            if (r)
                return r;
        } else if (is_blank(c)) {
            lx->at++;
        } else {
            return 0;
        }
    }
    return 1;
}

int wn_lex_line(struct wn_lexer *lx, struct wn_line *line, struct wn_error *err)
{
    if (lx->at == lx->end)
        return 0;
    line->count = 0;
    line->number = lx->line;
    line->wrong = NULL;
    for (;;) {
        struct wn_lexer before = *lx;
        int r = skip_blanks(lx, err);
        if (r < 0)
            return r;
        struct wn_token *t = &line->tokens[line->count];
        if (r) {
            *t = (struct wn_token){.text = before.at, .column = column_of(&before, before.at)};
            return 1;
        }
        line->wrong = lex_token(lx, t);
        if (!line->wrong && line->count == WN_LINE_TOKENS)
            line->wrong = "more on one line than any instruction has:";
        if (line->wrong) {
            line->wrong_one = *t;
            t->kind = WN_TOKEN_END;
            skip_rest(lx);
        } else {
            line->count++;
        }
    }
}

bool wn_token_is(const struct wn_token *t, const char *text, size_t len)
{
    return (t->kind == WN_TOKEN_WORD || t->kind == WN_TOKEN_MARK) && t->len == len &&
           strncasecmp(t->text, text, len) == 0;
}

int wn_token_register(const struct wn_token *t, bool *wide)
{
    if (t->kind != WN_TOKEN_WORD || t->len < 2 || t->len > 3)
        return -1;
    char kind = (char)(t->text[0] | 0x20);
    if ((kind != 'r' && kind != 'w') || !is_digit(t->text[1]))
        return -1;
    *wide = kind == 'r';
    if (t->len == 2)
        return t->text[1] - '0';
    return t->text[1] == '1' && t->text[2] == '0' ? 10 : -1;
}

struct wn_quoted wn_token_quote(const struct wn_token *t)
{
    struct wn_quoted q = {"the end of the line"};
    if (t->kind == WN_TOKEN_END && t->len == 0)
        return q;
    size_t shown = t->len > 32 ? 32 : t->len, n = 0;
    q.text[n++] = '"';
    for (size_t i = 0; i < shown; i++)
        q.text[n++] = t->text[i] >= ' ' && t->text[i] <= '~' ? t->text[i] : '?';
    if (shown < t->len) {
        memcpy(&q.text[n], "...", 3);
        n += 3;
    }
    q.text[n++] = '"';
    q.text[n] = 0;
    return q;
}
