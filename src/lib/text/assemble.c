/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "isa/decode.h"
#include "text/hint.h"
#include "text/lex.h"
#include "text/match.h"
#include "text/symbol.h"

enum { MAX_SLOTS = 1000000 };

/** A distance that is known when all labels are. */
struct fixup {
    struct wn_token label;
    uint32_t line;
    uint32_t slot;
    bool in_imm;
};

struct assembler {
    enum wn_dialect dialect;
    struct wn_grammar grammar;
    struct wn_symbols symbols;
    struct {
        struct wn_slot *data;
        size_t len, cap;
    } slots;
    struct {
        struct fixup *data;
        size_t len, cap;
    } fixups;
    struct wn_error *err;
};

static int no_memory(struct assembler *as)
{
    return wn_fail(as->err, -ENOMEM, WN_NOWHERE, "out of memory");
}

/** Fail about a token: a printf format with %s for it, or for nothing. */
static int fail_at(struct assembler *as, uint32_t line, const struct wn_token *token,
                   const char *fmt, ...)
{
    char text[sizeof as->err->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    int r = wn_fail(as->err, WN_E_SYNTAX, line, "%s", text);
    if (as->err)
        as->err->column = token->column;
    return r;
}

static int define(struct assembler *as, uint32_t line, const struct wn_token *name, bool label,
                  struct wn_number value)
{
    bool wide;
    struct wn_quoted quoted = wn_token_quote(name);
    if (name->kind != WN_TOKEN_WORD)
        return fail_at(as, line, name, "expected a name, found %s", quoted.text);
    if (wn_token_register(name, &wide) >= 0)
        return fail_at(as, line, name, "%s is a register", quoted.text);
    const struct wn_symbol *old = wn_symbol_find(&as->symbols, name);
    if (old)
        return fail_at(as, line, name, "%s is defined twice, first in line %u", quoted.text,
                       old->line);
    struct wn_symbol symbol = {name->text, name->len, label, line, value};
    return wn_symbol_add(&as->symbols, &symbol) ? 0 : no_memory(as);
}

/** `name, value` behind .equ, or `name = value`: the value. */
static int define_constant(struct assembler *as, uint32_t line, const struct wn_token *name,
                           const struct wn_token *at)
{
    struct wn_number value;
    if (!wn_match_number(&as->symbols, &at, &value))
        return fail_at(as, line, at, "expected a number or a constant, found %s",
                       wn_token_quote(at).text);
    if (!wn_number_within(value, UINT64_C(1) << 63, UINT64_MAX))
        return fail_at(as, line, at, "the value is not from -2^63 to 2^64 - 1");
    if (at->kind != WN_TOKEN_END)
        return fail_at(as, line, at, "expected the end of the line, found %s",
                       wn_token_quote(at).text);
    return define(as, line, name, false, value);
}

static bool is_one_of(const struct wn_token *t, const char *const *words)
{
    for (; *words; words++)
        if (wn_token_is(t, *words, strlen(*words)))
            return true;
    return false;
}

static int directive(struct assembler *as, uint32_t line, const struct wn_token *t)
{
    static const char *const equ[] = {".equ", ".set", NULL};
    static const char *const data[] = {".byte",  ".short",   ".long",   ".quad",
                                       ".ascii", ".asciz",   ".string", ".zero",
                                       ".space", ".section", ".data",   NULL};
    /* What compilers write around code, which says nothing about slots. */
    static const char *const idle[] = {".text",    ".globl", ".global", ".type",    ".size",
                                       ".p2align", ".file",  ".ident",  ".addrsig", NULL};
    if (is_one_of(t, idle))
        return 0;
    if (is_one_of(t, data))
        return fail_at(as, line, t, "%s: text holds instructions only; data comes in objects",
                       wn_token_quote(t).text);
    if (!is_one_of(t, equ))
        return fail_at(as, line, t, "unknown directive %s; .equ is there", wn_token_quote(t).text);
    if (t[1].kind == WN_TOKEN_END || !wn_token_is(&t[2], ",", 1))
        return fail_at(as, line, t, "expected .equ name, value");
    return define_constant(as, line, &t[1], &t[3]);
}

static int push_slot(struct assembler *as, uint32_t line, struct wn_slot slot)
{
    if (as->slots.len == MAX_SLOTS)
        return wn_fail(as->err, WN_E_LIMIT, line, "more than %d slots", MAX_SLOTS);
    return wn_vec_push(&as->slots, slot) ? 0 : no_memory(as);
}

static int instruction(struct assembler *as, const struct wn_line *line,
                       const struct wn_token *tokens)
{
    struct wn_match m;
    int r = wn_match_line(&as->grammar, &as->symbols, as->dialect, line, tokens, &m, as->err);
    if (r)
        return r;
    const struct wn_row *row = &wn_rows[m.id];
    uint32_t at = (uint32_t)as->slots.len;
    r = push_slot(as, line->number, wn_encode(m.id, m.dst, m.src, m.off, m.imm));
    if (r == 0 && row->form == WN_FORM_WIDE)
        r = push_slot(as, line->number, wn_slot(0, 0, 0, 0, (int32_t)m.high));
    if (r == 0 && m.label) {
        struct fixup f = {*m.label, line->number, at, wn_target_in_imm(row)};
        r = wn_vec_push(&as->fixups, f) ? 0 : no_memory(as);
    }
    return r;
}

static int read_line(struct assembler *as, const struct wn_line *line)
{
    const struct wn_token *t = line->tokens;
    bool wide;
    if (t->kind == WN_TOKEN_NUMBER && wn_token_is(&t[1], ":", 1))
        t += 2; /* a listing: the number of the slot */
    while (t->kind == WN_TOKEN_WORD && wn_token_is(&t[1], ":", 1)) {
        int r = define(as, line->number, t, true, (struct wn_number){false, as->slots.len});
        if (r)
            return r;
        t += 2;
    }
    if (t->kind == WN_TOKEN_END)
        return 0;
    if (t->kind == WN_TOKEN_WORD && t->text[0] == '.')
        return directive(as, line->number, t);
    if (t->kind == WN_TOKEN_WORD && wn_token_is(&t[1], "=", 1) && wn_token_register(t, &wide) < 0)
        return define_constant(as, line->number, t, &t[2]);
    return instruction(as, line, t);
}

static int fail_label(struct assembler *as, const struct fixup *f, const struct wn_symbol *symbol)
{
    struct wn_quoted name = wn_token_quote(&f->label);
    if (symbol)
        return fail_at(as, f->line, &f->label, "%s is a constant, not a label; a distance needs +",
                       name.text);
    const struct wn_symbol *near = NULL;
    unsigned best = wn_name_slack(f->label.len);
    for (size_t i = 0; i < as->symbols.size; i++) {
        const struct wn_symbol *s = &as->symbols.slots[i];
        if (!s->name || !s->label)
            continue;
        unsigned d = wn_name_distance(s->name, s->len, f->label.text, f->label.len, best);
        if (d < best || (d == best && (!near || s->line < near->line))) {
            best = d;
            near = s;
        }
    }
    return near ? fail_at(as, f->line, &f->label, "no label %s; did you mean \"%.*s\"?", name.text,
                          (int)near->len, near->name)
                : fail_at(as, f->line, &f->label, "no label %s", name.text);
}

static int resolve(struct assembler *as)
{
    for (size_t i = 0; i < as->fixups.len; i++) {
        const struct fixup *f = &as->fixups.data[i];
        const struct wn_symbol *symbol = wn_symbol_find(&as->symbols, &f->label);
        if (!symbol || !symbol->label)
            return fail_label(as, f, symbol);
        int64_t distance = (int64_t)symbol->value.magnitude - f->slot - 1;
        if (f->in_imm)
            as->slots.data[f->slot].imm = (int32_t)distance;
        else if (distance == (int16_t)distance)
            as->slots.data[f->slot].off = (int16_t)distance;
        else
            return fail_at(as, f->line, &f->label,
                           "%s is %lld slots away, which only gotol (ja32) can reach",
                           wn_token_quote(&f->label).text, (long long)distance);
    }
    return 0;
}

static int assemble(struct assembler *as, const char *text, size_t len)
{
    struct wn_lexer lexer = wn_lexer_init(text, len);
    struct wn_line line;
    int r;
    while ((r = wn_lex_line(&lexer, &line, as->err)) > 0) {
        r = read_line(as, &line);
        if (r)
            return r;
    }
    return r ? r : resolve(as);
}

int wn_assemble(const char *text, size_t len, const struct wn_text_opts *opts, struct wn_slot **out,
                size_t *count, struct wn_error *err)
{
    struct assembler as = {
        .dialect = opts ? opts->dialect : WN_DIALECT_AUTO,
        .symbols = wn_symbols_init(),
        .err = err,
    };
    wn_grammar_init(&as.grammar);
    int r = assemble(&as, text, len);
    if (r == 0 && !as.slots.data && !(as.slots.data = malloc(sizeof *as.slots.data)))
        r = no_memory(&as);
    if (r == 0) {
        *out = wn_give(as.slots.data);
        *count = as.slots.len;
    }
    free(as.slots.data);
    free(as.fixups.data);
    wn_symbols_fini(&as.symbols);
    return r;
}
