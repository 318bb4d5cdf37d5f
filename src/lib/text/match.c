/* SPDX-License-Identifier: MIT */
#include "text/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/expr.h"
#include "text/hint.h"

enum { LONGEST_NAME = 24, NAME_WORDS = 3 };

/** The state of trying one shape on one line. */
struct matcher {
    const struct wn_grammar *grammar;
    const struct wn_symbols *symbols;
    const struct wn_token *first; /* of the line */
    bool explain;                 /* second time round: collect what was expected */
    struct wn_expected expected;

    /* Of the shape being tried. */
    unsigned shape;
    const struct wn_token *at;
    const char *name; /* mnemonic, NULL in the kernel's dialect */
    unsigned name_tokens;
    const char *sym; /* NULL until one was read */
    unsigned width;  /* enum wn_width, 0 until a register was read */
    unsigned size;   /* bytes, 0 where sym says it */
    bool has_dst, has_src;
    struct wn_match match;

    /* What is wrong with a line that matches otherwise: of this shape, and of the first such. */
    const struct wn_token *trouble_at;
    char trouble[112];
    const struct wn_token *report_at;
    char report[112];
};

static uint8_t name_hash(const char *name)
{
    unsigned h = 0;
    while (*name)
        h = h * 31 + (uint8_t)*name++;
    return (uint8_t)(h ^ h >> 8);
}

void wn_grammar_init(struct wn_grammar *g)
{
    memset(g, 0, sizeof *g);
    for (unsigned id = WN_OPS_ENCODED; id-- > 0;) {
        uint8_t *shape = &g->by_shape[wn_shape_of(&wn_rows[id])];
        uint8_t *name = &g->by_name[name_hash(wn_rows[id].name)];
        g->next_of_shape[id] = *shape;
        g->next_of_name[id] = *name;
        *shape = *name = (uint8_t)(id + 1);
    }
}

static bool expect(struct matcher *m, const char *text, bool quoted)
{
    if (m->explain)
        wn_expect(&m->expected, m->at, text, strlen(text), quoted);
    return false;
}

/** Note what is wrong with the token; the shape goes on, as it may not be the right one. */
static void trouble(struct matcher *m, const struct wn_token *at, const char *what)
{
    if (m->trouble_at)
        return;
    m->trouble_at = at;
    snprintf(m->trouble, sizeof m->trouble, "%s %s", wn_token_quote(at).text, what);
}

static bool take_register(struct matcher *m, bool sized, unsigned *reg, bool *known)
{
    bool r = true;
    int n = wn_token_register(m->at, &r);
    unsigned width = r ? WN_WIDTH_R : WN_WIDTH_W;
    unsigned want = sized ? m->width : WN_WIDTH_R;
    if (n < 0 || (want && want != width))
        return expect(m,
                      want == 0            ? "a register"
                      : want == WN_WIDTH_R ? "r0 to r10"
                                           : "w0 to w10",
                      false);
    if (*known && *reg != (unsigned)n)
        return expect(m, "the same register", false);
    if (sized)
        m->width = width;
    *reg = (unsigned)n;
    *known = true;
    m->at++;
    return true;
}

static bool is_sign(const struct wn_token *t)
{
    return wn_token_is(t, "+", 1) || wn_token_is(t, "-", 1);
}

/** Note that a number does not lie in the range that `range` tells. */
static void out_of_range(struct matcher *m, const struct wn_token *start, struct wn_number n,
                         const char *range)
{
    start += is_sign(start);
    if (m->at == start + 1 || m->trouble_at) {
        trouble(m, start, range);
        return;
    }
    m->trouble_at = start;
    snprintf(m->trouble, sizeof m->trouble, "the value, %s%" PRIu64 ", %s", n.negative ? "-" : "",
             n.magnitude, range);
}

/** A number in [-low, high]; its 64 bits are left in *value. */
static bool take_number(struct matcher *m, uint64_t low, uint64_t high, const char *range,
                        uint64_t *value)
{
    const struct wn_token *start = m->at;
    struct wn_number n;
    struct wn_expr_trouble wrong;
    const char *missing = wn_expr_read(m->symbols, &m->at, &n, &wrong);
    if (missing)
        return expect(m, missing, false);
    if (wrong.at)
        trouble(m, wrong.at, wrong.what);
    else if (!wn_number_within(n, low, high))
        out_of_range(m, start, n, range);
    *value = n.negative ? -n.magnitude : n.magnitude;
    return true;
}

static bool take_offset(struct matcher *m)
{
    uint64_t v = 0;
    if (!is_sign(m->at)) {
        expect(m, "an offset", false);
        return true;
    }
    if (!take_number(m, 32768, 32767, "is not an offset from -32768 to 32767", &v))
        return false;
    m->match.off = (int16_t)v;
    return true;
}

static bool take_imm(struct matcher *m, bool sign)
{
    uint64_t v = 0;
    if (!sign && is_sign(m->at))
        return expect(m, "a number without a sign", false);
    if (!take_number(m, sign ? UINT64_C(1) << 31 : 0, UINT32_MAX,
                     sign ? "is not from -2147483648 to 4294967295" : "is not from 0 to 4294967295",
                     &v))
        return false;
    m->match.imm = (int32_t)(uint32_t)v;
    return true;
}

static bool take_wide(struct matcher *m)
{
    uint64_t v = 0;
    if (!take_number(m, UINT64_C(1) << 63, UINT64_MAX, "is not from -2^63 to 2^64 - 1", &v))
        return false;
    m->match.imm = (int32_t)(uint32_t)v;
    m->match.high = (uint32_t)(v >> 32);
    return true;
}

static bool take_high(struct matcher *m)
{
    uint64_t v = 0;
    if (!wn_token_is(m->at, ",", 1)) {
        expect(m, ",", true);
        return true;
    }
    m->at++;
    if (!take_number(m, UINT64_C(1) << 31, UINT32_MAX, "is not from -2147483648 to 4294967295", &v))
        return false;
    m->match.high = (uint32_t)v;
    return true;
}

/** llvm-objdump says behind a distance where it leads: <main+0x50>. */
static void skip_address(struct matcher *m)
{
    const struct wn_token *t = m->at;
    if (!wn_token_is(t, "<", 1))
        return;
    while (t->kind != WN_TOKEN_END && !wn_token_is(t, ">", 1))
        t++;
    if (t->kind != WN_TOKEN_END)
        m->at = t + 1;
}

static bool take_target(struct matcher *m)
{
    bool r;
    uint64_t v = 0;
    if (m->at->kind == WN_TOKEN_WORD && wn_token_register(m->at, &r) < 0) {
        m->match.label = m->at++;
        return true;
    }
    if (m->at->kind != WN_TOKEN_NUMBER && !is_sign(m->at))
        return expect(m, "a label", false) || expect(m, "a distance such as +3", false);
    const struct wn_row *any = &wn_rows[m->grammar->by_shape[m->shape] - 1];
    bool far = wn_target_in_imm(any);
    if (!take_number(m, far ? UINT64_C(1) << 31 : 32768, far ? INT32_MAX : 32767,
                     far ? "is not a distance from -2147483648 to 2147483647"
                         : "is not a distance from -32768 to 32767",
                     &v))
        return false;
    if (far)
        m->match.imm = (int32_t)(uint32_t)v;
    else
        m->match.off = (int16_t)v;
    skip_address(m);
    return true;
}

/** LLVM's way to take the address of a function: its label before "ll". */
static bool take_function(struct matcher *m)
{
    bool r;
    if (m->at->kind != WN_TOKEN_WORD || wn_token_register(m->at, &r) >= 0 ||
        !wn_token_is(m->at + 1, "ll", 2))
        return false;
    m->match.label = m->at++;
    return true;
}

/** How many tokens the words of a name take; 0 if they do not stand there. */
static unsigned match_words(const struct wn_token *at, const char *words)
{
    unsigned n = 0;
    for (;; words++, n++) {
        size_t len = strcspn(words, " ");
        if (!wn_token_is(&at[n], words, len))
            return 0;
        words += len;
        if (!*words)
            return n + 1;
    }
}

/** Whether a token is a word with something before and behind it. */
static bool is_affixed(const struct wn_token *t, const char *before, const char *word,
                       const char *after)
{
    size_t b = strlen(before), w = strlen(word), a = strlen(after);
    if (t->kind != WN_TOKEN_WORD || t->len != b + w + a)
        return false;
    return memcmp(t->text, before, b) == 0 && memcmp(t->text + b, word, w) == 0 &&
           memcmp(t->text + b + w, after, a) == 0;
}

/** Tokens that a row's sym takes, written as the directive says. */
static unsigned match_sym(struct matcher *m, const char *sym, char directive)
{
    if (directive == 'y')
        return match_words(m->at, sym);
    if (directive == 'a')
        return is_affixed(m->at, "atomic_", sym, "") || is_affixed(m->at, "atomic64_", sym, "");
    if (is_affixed(m->at, "", sym, "_64"))
        m->size = 8;
    else if (is_affixed(m->at, "", sym, "32_32"))
        m->size = 4;
    else
        return 0;
    return 1;
}

static bool expect_sym(struct matcher *m)
{
    unsigned n = 0;
    if (!m->explain)
        return false;
    for (unsigned i = m->grammar->by_shape[m->shape]; i; i = m->grammar->next_of_shape[i - 1])
        n++;
    if (n > 9)
        return expect(m, "an operator", false);
    for (unsigned i = m->grammar->by_shape[m->shape]; i; i = m->grammar->next_of_shape[i - 1])
        expect(m, wn_rows[i - 1].sym, true);
    return false;
}

/** The longest sym of the shape's rows: "call btf" rather than "call". */
static bool take_sym(struct matcher *m, char directive)
{
    unsigned longest = 0;
    for (unsigned i = m->grammar->by_shape[m->shape]; i; i = m->grammar->next_of_shape[i - 1]) {
        unsigned n = match_sym(m, wn_rows[i - 1].sym, directive);
        if (n > longest) {
            longest = n;
            m->sym = wn_rows[i - 1].sym;
        }
    }
    m->at += longest;
    return longest || expect_sym(m);
}

static bool take_size(struct matcher *m)
{
    m->size = wn_token_is(m->at, "u32", 3) ? 4 : wn_token_is(m->at, "u64", 3) ? 8 : 0;
    if (m->size == 0)
        return expect(m, "u32", true) || expect(m, "u64", true);
    m->at++;
    return true;
}

static bool take_register_number(struct matcher *m)
{
    unsigned reg = 0;
    bool known = false;
    if (!take_register(m, false, &reg, &known))
        return false;
    m->match.imm = (int32_t)reg;
    return true;
}

static bool take(struct matcher *m, char directive)
{
    unsigned zero = WN_R0;
    bool always = true;
    switch (directive) {
    case 'n': m->at += m->name_tokens; return true;
    case 'y':
    case 'a':
    case 'x': return take_sym(m, directive);
    case 'd':
    case 'D': return take_register(m, directive == 'd', &m->match.dst, &m->has_dst);
    case 's':
    case 'S': return take_register(m, directive == 's', &m->match.src, &m->has_src);
    case '0': return take_register(m, true, &zero, &always);
    case 'r': return take_register_number(m);
    case 'i': return take_imm(m, true);
    case 'I': return take_imm(m, false);
    case 'p': return !is_sign(m->at) || take_imm(m, true);
    case 'w': return take_wide(m);
    case 'h': return take_high(m);
    case 'o':
    case 'b': return take_offset(m);
    case 't': return take_target(m);
    case 'l': return take_function(m);
    case 'u': return take_size(m);
    }
    return false;
}

/** A literal of a template: a word, or a mark of one character. Moves *at behind it. */
static bool take_literal(struct matcher *m, const char **at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *text = *at;
    size_t n = strspn(text, letters);
    n = n ? n : 1;
    *at += n;
    if (!wn_token_is(m->at, text, n)) {
        if (m->explain)
            wn_expect(&m->expected, m->at, text, n, true);
        return false;
    }
    m->at++;
    return true;
}

/** The row of the shape that was meant, if the registers written suit it. */
static bool choose_row(struct matcher *m)
{
    const struct wn_row *near = NULL;
    for (unsigned i = m->grammar->by_shape[m->shape]; i; i = m->grammar->next_of_shape[i - 1]) {
        const struct wn_row *row = &wn_rows[i - 1];
        if ((m->name && strcmp(m->name, row->name) != 0) ||
            (m->sym && strcmp(m->sym, row->sym) != 0) ||
            (m->size && m->size != wn_opcode_size(row->opcode)))
            continue;
        near = row;
        if (m->width && !(wn_row_widths(row) & m->width))
            continue;
        m->match.id = (enum wn_op_id)(i - 1);
        return true;
    }
    if (near)
        trouble(m, m->first,
                m->width == WN_WIDTH_W ? "begins an instruction that takes r registers only"
                                       : "begins an instruction that takes w registers only");
    return near != NULL;
}

/** Try one template. True if the line is that, perhaps with a number that does not fit. */
static bool try_template(struct matcher *m, unsigned shape, const char *template)
{
    m->shape = shape;
    m->at = m->first;
    m->sym = NULL;
    m->width = m->size = 0;
    m->has_dst = m->has_src = false;
    m->match = (struct wn_match){0};
    m->trouble_at = NULL;
    while (*template) {
        if (*template == ' ') {
            template ++;
        } else if (*template == '%') {
            if (!take(m, template[1]))
                return false;
            template += 2;
        } else if (!take_literal(m, &template)) {
            return false;
        }
    }
    if (m->at->kind != WN_TOKEN_END)
        return expect(m, "the end of the line", false);
    if (!choose_row(m))
        return false;
    if (m->trouble_at && !m->report_at) {
        m->report_at = m->trouble_at;
        memcpy(m->report, m->trouble, sizeof m->report);
    }
    return !m->trouble_at;
}

/** The row that has a mnemonic of n words, the 64 of which may be left out; 0 if none, else + 1. */
static unsigned find_name(const struct wn_grammar *g, const struct wn_token *first, unsigned n)
{
    char name[LONGEST_NAME];
    size_t len = 0;
    for (unsigned i = 0; i < n; i++) {
        if (first[i].kind != WN_TOKEN_WORD || len + first[i].len + 4 > sizeof name)
            return 0;
        if (i)
            name[len++] = ' ';
        for (size_t k = 0; k < first[i].len; k++) {
            char c = first[i].text[k];
            name[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
    }
    bool digits = len && name[len - 1] >= '0' && name[len - 1] <= '9';
    for (unsigned pass = 0; pass < (digits ? 1 : 2); pass++) {
        strcpy(&name[len], pass ? "64" : "");
        for (unsigned i = g->by_name[name_hash(name)]; i; i = g->next_of_name[i - 1]) {
            const struct wn_row *row = &wn_rows[i - 1];
            bool swap = row->form == WN_FORM_DST && row->selector == WN_SELECT_IMM;
            if (strcmp(row->name, name) == 0 && !(pass && swap))
                return i;
        }
    }
    return 0;
}

static bool try_mnemonic(struct matcher *m, unsigned row)
{
    unsigned last = WN_SHAPES;
    m->name = wn_rows[row - 1].name;
    for (unsigned i = row; i; i = m->grammar->next_of_name[i - 1]) {
        unsigned shape = wn_shape_of(&wn_rows[i - 1]);
        if (shape == last || strcmp(wn_rows[i - 1].name, m->name) != 0)
            continue;
        last = shape;
        if (try_template(m, shape, wn_shapes[shape].mnemonic))
            return true;
    }
    m->name = NULL;
    return false;
}

static bool try_kernel(struct matcher *m)
{
    for (unsigned s = 0; s < WN_SHAPES; s++)
        if (wn_shapes[s].kernel && try_template(m, s, wn_shapes[s].kernel))
            return true;
    return false;
}

static bool try_also(struct matcher *m)
{
    for (unsigned s = 0; s < WN_SHAPES; s++)
        for (unsigned k = 0; k < 2; k++)
            if (wn_shapes[s].also[k] && try_template(m, s, wn_shapes[s].also[k]))
                return true;
    return false;
}

/** Whether the first word begins mnemonics of several words: "lock". */
static bool begins_name(const struct wn_token *first)
{
    for (unsigned i = 0; i < WN_OPS_ENCODED; i++)
        if (wn_rows[i].name[strcspn(wn_rows[i].name, " ")] &&
            wn_token_is(first, wn_rows[i].name, strcspn(wn_rows[i].name, " ")))
            return true;
    return false;
}

static int fail_line(const struct matcher *m, bool named, uint32_t line, struct wn_error *err)
{
    const struct wn_token *first = m->first;
    if (m->report_at) {
        int r = wn_fail(err, WN_E_SYNTAX, line, "%s", m->report);
        if (err)
            err->column = m->report_at->column;
        return r;
    }
    bool wide;
    if (!named && first->kind == WN_TOKEN_WORD && wn_token_register(first, &wide) < 0) {
        struct wn_token name = *first;
        if (!m->expected.at || m->expected.at == first)
            return wn_fail_unknown(&name, line, err);
        if (m->expected.at == first + 1 && first[1].kind == WN_TOKEN_WORD && begins_name(first)) {
            name.len = (size_t)(first[1].text + first[1].len - first->text);
            return wn_fail_unknown(&name, line, err);
        }
    }
    struct wn_expected nothing = {first, 1, {{"an instruction", 14, false}}};
    bool none = !m->expected.at || m->expected.at == first;
    return wn_fail_expected(none ? &nothing : &m->expected, line, err);
}

int wn_match_line(const struct wn_grammar *grammar, const struct wn_symbols *symbols,
                  enum wn_dialect dialect, const struct wn_line *line,
                  const struct wn_token *tokens, struct wn_match *out, struct wn_error *err)
{
    struct matcher m = {.grammar = grammar, .symbols = symbols, .first = tokens};
    unsigned row = 0;
    if (dialect != WN_DIALECT_KERNEL)
        for (m.name_tokens = NAME_WORDS; m.name_tokens; m.name_tokens--)
            if ((row = find_name(grammar, tokens, m.name_tokens)) != 0)
                break;
    for (int pass = 0; pass < 2; pass++) {
        m.explain = pass;
        bool kernel = dialect != WN_DIALECT_MNEMONIC;
        if ((row ? try_mnemonic(&m, row) : kernel && try_kernel(&m)) ||
            ((row || kernel) && try_also(&m))) {
            *out = m.match;
            return 0;
        }
        if (m.report_at)
            break;
    }
    return fail_line(&m, row != 0, line->number, err);
}
