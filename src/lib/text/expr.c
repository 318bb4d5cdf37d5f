/* SPDX-License-Identifier: MIT */
#include "text/expr.h"

#include <string.h>

enum { LEVELS = 3 };

/** Operators by how tightly they bind; each begins with another character. */
static const char *const operators[LEVELS] = {"+-", "&|^", "*/%<>"};

struct reader {
    const struct wn_symbols *symbols;
    const struct wn_token *at;
    struct wn_expr_trouble *trouble;
    const char *missing;
};

static void trouble(struct reader *r, const struct wn_token *at, const char *what)
{
    if (!r->trouble->at)
        *r->trouble = (struct wn_expr_trouble){at, what};
}

static uint64_t low_bits(struct wn_number n)
{
    return n.negative ? -n.magnitude : n.magnitude;
}

static struct wn_number negated(struct wn_number n)
{
    n.negative = !n.negative && n.magnitude;
    return n;
}

/** Numbers have 65 bits, sign and all; returns whether the sum has. */
static bool add(struct wn_number a, struct wn_number b, struct wn_number *out)
{
    if (a.negative == b.negative) {
        out->negative = a.negative;
        return !__builtin_add_overflow(a.magnitude, b.magnitude, &out->magnitude);
    }
    bool a_wins = a.magnitude >= b.magnitude;
    out->magnitude = a_wins ? a.magnitude - b.magnitude : b.magnitude - a.magnitude;
    out->negative = (a_wins ? a.negative : b.negative) && out->magnitude;
    return true;
}

/** And, or, exclusive or in two's complement, the sign as one more bit. */
static bool combine(char op, struct wn_number a, struct wn_number b, struct wn_number *out)
{
    uint64_t x = low_bits(a), y = low_bits(b);
    uint64_t bits = op == '&' ? x & y : op == '|' ? x | y : x ^ y;
    bool negative = op == '&'   ? a.negative && b.negative
                    : op == '|' ? a.negative || b.negative
                                : a.negative != b.negative;
    *out = (struct wn_number){negative, negative ? -bits : bits};
    return !negative || bits != 0;
}

static bool multiply(struct wn_number a, struct wn_number b, struct wn_number *out)
{
    bool fits = !__builtin_mul_overflow(a.magnitude, b.magnitude, &out->magnitude);
    out->negative = a.negative != b.negative && out->magnitude;
    return fits;
}

/** Multiplication, division and shifts; returns what is wrong, NULL if nothing is. */
static const char *scale(char op, struct wn_number a, struct wn_number b, struct wn_number *out)
{
    if (op == '*')
        return multiply(a, b, out) ? NULL : "makes more than 64 bits";
    if (op == '/' || op == '%') {
        if (b.magnitude == 0)
            return "divides by 0";
        out->magnitude = op == '/' ? a.magnitude / b.magnitude : a.magnitude % b.magnitude;
        out->negative = (op == '/' ? a.negative != b.negative : a.negative) && out->magnitude;
        return NULL;
    }
    if (b.negative || b.magnitude > 63)
        return "shifts by more than 0 to 63 bits";
    if (op == '<')
        return multiply(a, (struct wn_number){false, UINT64_C(1) << b.magnitude}, out)
                   ? NULL
                   : "makes more than 64 bits";
    if (a.negative)
        return "shifts a negative number, of which nobody knows the width";
    *out = (struct wn_number){false, a.magnitude >> b.magnitude};
    return NULL;
}

static const char *operate(char op, struct wn_number a, struct wn_number b, struct wn_number *out)
{
    static const char too_large[] = "makes more than 64 bits";
    switch (op) {
    case '+': return add(a, b, out) ? NULL : too_large;
    case '-': return add(a, negated(b), out) ? NULL : too_large;
    case '&':
    case '|':
    case '^': return combine(op, a, b, out) ? NULL : too_large;
    default: return scale(op, a, b, out);
    }
}

static bool read_level(struct reader *r, unsigned level, struct wn_number *out);

/** A number, a constant, or an expression in parentheses, signs before it. */
static bool read_unit(struct reader *r, struct wn_number *out)
{
    const struct wn_token *t = r->at;
    char sign = t->kind == WN_TOKEN_MARK && t->len == 1 ? *t->text : 0;
    if (sign == '+' || sign == '-' || sign == '~') {
        r->at++;
        if (!read_unit(r, out))
            return false;
        if (sign != '+')
            *out = negated(*out);
        if (sign == '~' && !add(*out, (struct wn_number){true, 1}, out))
            trouble(r, t, "makes more than 64 bits");
        return true;
    }
    if (sign == '(') {
        r->at++;
        if (!read_level(r, 0, out))
            return false;
        r->missing = "\")\"";
        if (!wn_token_is(r->at, ")", 1))
            return false;
        r->at++;
        return true;
    }
    const struct wn_symbol *symbol = wn_symbol_find(r->symbols, t);
    r->missing = "a number";
    if (t->kind == WN_TOKEN_NUMBER)
        *out = (struct wn_number){false, t->value};
    else if (symbol && symbol->kind == WN_SYMBOL_CONSTANT)
        *out = symbol->value;
    else
        return false;
    r->at++;
    return true;
}

/** The operator of a level that stands here, else 0. */
static char operator_at(const struct wn_token *t, unsigned level)
{
    if (t->kind != WN_TOKEN_MARK || t->len > 2 || !strchr(operators[level], *t->text))
        return 0;
    bool shift = *t->text == '<' || *t->text == '>';
    if (t->len != (shift ? 2 : 1) || t->text[t->len - 1] != *t->text)
        return 0;
    return *t->text;
}

static bool read_level(struct reader *r, unsigned level, struct wn_number *out)
{
    if (level == LEVELS)
        return read_unit(r, out);
    struct wn_number left;
    if (!read_level(r, level + 1, &left))
        return false;
    for (;;) {
        const struct wn_token *at = r->at;
        char op = operator_at(at, level);
        if (!op) {
            *out = left;
            return true;
        }
        struct wn_number right, result = {0};
        r->at++;
        if (!read_level(r, level + 1, &right))
            return false;
        const char *wrong = operate(op, left, right, &result);
        if (wrong)
            trouble(r, at, wrong);
        left = result;
    }
}

const char *wn_expr_read(const struct wn_symbols *symbols, const struct wn_token **at,
                         struct wn_number *out, struct wn_expr_trouble *wrong)
{
    struct reader r = {symbols, *at, wrong, NULL};
    *wrong = (struct wn_expr_trouble){0};
    bool read = read_level(&r, 0, out);
    *at = r.at;
    return read ? NULL : r.missing;
}
