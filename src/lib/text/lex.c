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

static int fail_at(const struct wn_lexer *lx, struct wn_error *err, uint32_t column,
                   const char *what, const struct wn_token *token)
{
    int r = wn_fail(err, WN_E_SYNTAX, lx->line, "%s %s", what, wn_token_quote(token).text);
    if (err)
        err->column = column;
    return r;
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
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : mark == 'o' ? 8 : 0;
        if (base == 0)
            return is_digit(s[1]) ? "write octal numbers as 0o17, not" : "bad number";
        s += 2;
        n -= 2;
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

static int lex_number(struct wn_lexer *lx, struct wn_token *t, struct wn_error *err)
{
    t->kind = WN_TOKEN_NUMBER;
    while (t->len < (size_t)(lx->end - lx->at) &&
           (is_digit(t->text[t->len]) || is_letter(t->text[t->len])))
        t->len++;
    const char *wrong = parse_digits(t->text, t->len, &t->value);
    lx->at += t->len;
    return wrong ? fail_at(lx, err, t->column, wrong, t) : 0;
}

/** 'a', and the escapes of C that a protocol needs. */
static int lex_char(struct wn_lexer *lx, struct wn_token *t, struct wn_error *err)
{
    static const char names[] = "ntr0\\'", values[] = "\n\t\r\0\\'";
    char c = peek(lx, 1), escape = c == '\\' ? peek(lx, 2) : 0;
    const char *found = escape ? strchr(names, escape) : NULL;
    size_t len = found ? 4 : 3;
    bool good = found || (c != '\\' && c != '\'' && c != '\n');
    t->kind = WN_TOKEN_NUMBER;
    t->len = 1;
    if (!good || peek(lx, len - 1) != '\'')
        return fail_at(lx, err, t->column, "no character between quotes after", t);
    t->value = (uint8_t)(found ? values[found - names] : c);
    t->len = len;
    lx->at += len;
    return 0;
}

/** Longest first, so that the first that fits is the one. */
static const char *const marks[] = {"s>>=", "<<=", ">>=", "s>=", "s<=", "s/=", "s%=", "s>", "s<",
                                    "+=",   "-=",  "*=",  "/=",  "%=",  "&=",  "|=",  "^=", "==",
                                    "!=",   ">=",  "<=",  "=",   ">",   "<",   "&",   "+",  "-",
                                    "*",    "(",   ")",   "[",   "]",   ",",   ":",   0};

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

static int lex_token(struct wn_lexer *lx, struct wn_token *t, struct wn_error *err)
{
    *t = (struct wn_token){.text = lx->at, .column = column_of(lx, lx->at)};
    if (is_digit(*lx->at))
        return lex_number(lx, t, err);
    if (*lx->at == '\'')
        return lex_char(lx, t, err);
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
        return fail_at(lx, err, t->column, "no register is called", t);
    return n ? 0 : fail_at(lx, err, t->column, "unexpected character", t);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
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
    return fail_at(&start, err, column_of(&start, start.at), "no end to the comment that begins",
                   &open);
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
            const char *nl = memchr(lx->at, '\n', (size_t)(lx->end - lx->at));
            lx->at = nl ? nl : lx->end;
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
        r = lex_token(lx, t, err);
        if (r < 0)
            return r;
        if (line->count == WN_LINE_TOKENS)
            return fail_at(lx, err, t->column, "more on one line than any instruction has:", t);
        line->count++;
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
