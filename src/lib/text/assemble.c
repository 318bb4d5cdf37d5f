/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/distance.h"
#include "base/own.h"
#include "base/vec.h"
#include "isa/decode.h"
#include "text/assembler.h"
#include "text/expr.h"
#include "text/hint.h"

enum { MAX_SLOTS = 1000000 };

static int no_memory(struct wn_assembler *as)
{
    return wn_fail(as->err, -ENOMEM, WN_NOWHERE, "out of memory");
}

int wn_asm_fail(struct wn_assembler *as, uint32_t line, const struct wn_token *token,
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

int wn_asm_check_line(struct wn_assembler *as, const struct wn_line *line)
{
    const struct wn_token *t = &line->wrong_one;
    if (!line->wrong)
        return 0;
    return wn_asm_fail(as, line->number, t, "%s %s", line->wrong, wn_token_quote(t).text);
}

int wn_asm_check_whole(struct wn_assembler *as)
{
    if (as->raw_bytes == 0)
        return 0;
    return wn_asm_fail(as, as->raw_line, &as->raw_at,
                       "the data ends with %u of the 8 bytes of a slot; expected %u more",
                       as->raw_bytes, WN_SLOT_BYTES - as->raw_bytes);
}

/** Whether a name looks like a register's: r11 is a slip, not a name. */
static bool is_numbered(const struct wn_token *name)
{
    if ((name->text[0] | 0x20) != 'r' && (name->text[0] | 0x20) != 'w')
        return false;
    for (size_t i = 1; i < name->len; i++)
        if (name->text[i] < '0' || name->text[i] > '9')
            return false;
    return name->len > 1;
}

static int define(struct wn_assembler *as, uint32_t line, const struct wn_token *name,
                  enum wn_symbol_kind kind, struct wn_number value)
{
    bool wide;
    struct wn_quoted quoted = wn_token_quote(name);
    if (name->kind != WN_TOKEN_WORD)
        return wn_asm_fail(as, line, name, "expected a name, found %s", quoted.text);
    if (wn_token_register(name, &wide) >= 0)
        return wn_asm_fail(as, line, name, "%s is a register", quoted.text);
    if (is_numbered(name))
        return wn_asm_fail(as, line, name,
                           "no register is called %s; expected r0 to r10, w0 to w10", quoted.text);
    const struct wn_symbol *old = wn_symbol_find(&as->symbols, name);
    if (old)
        return wn_asm_fail(as, line, name, "%s is defined twice, first in line %u", quoted.text,
                           old->line);
    struct wn_symbol symbol = {name->text, name->len, kind, line, value};
    return wn_symbol_add(&as->symbols, &symbol) ? 0 : no_memory(as);
}

static int define_label(struct wn_assembler *as, uint32_t line, const struct wn_token *name)
{
    int r = wn_asm_check_whole(as);
    return r ? r
             : define(as, line, name, as->in_data ? WN_SYMBOL_DATA : WN_SYMBOL_LABEL,
                      (struct wn_number){false, as->slots.len});
}

int wn_asm_define_constant(struct wn_assembler *as, uint32_t line, const struct wn_token *name,
                           const struct wn_token *at)
{
    struct wn_number value;
    struct wn_expr_trouble wrong;
    const char *missing = wn_expr_read(&as->symbols, &at, &value, &wrong);
    if (missing)
        return wn_asm_fail(as, line, at, "expected %s or a constant, found %s", missing,
                           wn_token_quote(at).text);
    if (at->kind != WN_TOKEN_END)
        return wn_asm_fail(as, line, at, "expected the end of the line, found %s",
                           wn_token_quote(at).text);
    if (wrong.at)
        return wn_asm_fail(as, line, wrong.at, "%s %s", wn_token_quote(wrong.at).text, wrong.what);
    if (!wn_number_within(value, UINT64_C(1) << 63, UINT64_MAX))
        return wn_asm_fail(as, line, at, "the value is not from -2^63 to 2^64 - 1");
    return define(as, line, name, WN_SYMBOL_CONSTANT, value);
}

static bool same_section(const struct wn_token *a, const struct wn_token *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/**
 * Whether code may stand in this section. A program is its first slot and what follows, so the
 * functions of .text may come behind a named section, as in clang's output, and not before it.
 */
static int check_section(struct wn_assembler *as, uint32_t line, const struct wn_token *token)
{
    struct wn_quoted name = wn_token_quote(&as->section);
    if (as->in_data)
        return wn_asm_fail(as, line, token,
                           "the section %s holds no code; expected .text or .section", name.text);
    if (as->slots.len == 0)
        as->code = as->section;
    if (same_section(&as->section, &as->code) || wn_token_is(&as->section, ".text", 5))
        return 0;
    return wn_asm_fail(as, line, token,
                       "the section %s comes second; a program has one, and .text behind it",
                       name.text);
}

int wn_asm_push(struct wn_assembler *as, uint32_t line, const struct wn_token *token,
                struct wn_slot slot)
{
    int r = check_section(as, line, token);
    if (r)
        return r;
    if (as->slots.len == MAX_SLOTS)
        return wn_fail(as->err, WN_E_LIMIT, line, "more than %d slots", MAX_SLOTS);
    return wn_vec_push(&as->slots, slot) ? 0 : no_memory(as);
}

static int instruction(struct wn_assembler *as, const struct wn_line *line,
                       const struct wn_token *tokens)
{
    struct wn_match m;
    int r = wn_match_line(&as->grammar, &as->symbols, as->dialect, line, tokens, &m, as->err);
    if (r)
        return r;
    const struct wn_row *row = &wn_rows[m.id];
    uint32_t at = (uint32_t)as->slots.len;
    r = wn_asm_check_whole(as);
    if (r == 0)
        r = wn_asm_push(as, line->number, tokens, wn_encode(m.id, m.dst, m.src, m.off, m.imm));
    if (r == 0 && row->form == WN_FORM_WIDE)
        r = wn_asm_push(as, line->number, tokens, wn_slot(0, 0, 0, 0, (int32_t)m.high));
    if (r == 0 && m.label) {
        struct wn_fixup f = {*m.label, line->number, at, wn_target_in_imm(row)};
        r = wn_vec_push(&as->fixups, f) ? 0 : no_memory(as);
    }
    return r;
}

static int read_line(struct wn_assembler *as, const struct wn_line *line)
{
    const struct wn_token *t = line->tokens;
    bool wide;
    if (t->kind == WN_TOKEN_NUMBER && wn_token_is(&t[1], ":", 1))
        t += 2; /* a listing: the number of the slot */
    while (t->kind == WN_TOKEN_WORD && wn_token_is(&t[1], ":", 1)) {
        int r = define_label(as, line->number, t);
        if (r)
            return r;
        t += 2;
    }
    if (t->kind == WN_TOKEN_WORD && t->text[0] == '.' && !wn_token_is(&t[1], "=", 1))
        return wn_asm_directive(as, line, t);
    int r = wn_asm_check_line(as, line);
    if (r || t->kind == WN_TOKEN_END)
        return r;
    if (t->kind == WN_TOKEN_WORD && wn_token_is(&t[1], "=", 1) && wn_token_register(t, &wide) < 0)
        return wn_asm_define_constant(as, line->number, t, &t[2]);
    return instruction(as, line, t);
}

static int fail_label(struct wn_assembler *as, const struct wn_fixup *f,
                      const struct wn_symbol *symbol)
{
    struct wn_quoted name = wn_token_quote(&f->label);
    if (symbol && symbol->kind == WN_SYMBOL_DATA)
        return wn_asm_fail(as, f->line, &f->label,
                           "%s is data, which text has no place for; compile to an object",
                           name.text);
    if (symbol)
        return wn_asm_fail(as, f->line, &f->label,
                           "%s is a constant, not a label; a distance needs +", name.text);
    const struct wn_symbol *near = NULL;
    unsigned best = wn_name_slack(f->label.len);
    for (size_t i = 0; i < as->symbols.size; i++) {
        const struct wn_symbol *s = &as->symbols.slots[i];
        if (!s->name || s->kind != WN_SYMBOL_LABEL)
            continue;
        unsigned d = wn_name_distance(s->name, s->len, f->label.text, f->label.len, best);
        if (d < best || (d == best && (!near || s->line < near->line))) {
            best = d;
            near = s;
        }
    }
    return near ? wn_asm_fail(as, f->line, &f->label, "no label %s; did you mean \"%.*s\"?",
                              name.text, (int)near->len, near->name)
                : wn_asm_fail(as, f->line, &f->label, "no label %s", name.text);
}

static int resolve(struct wn_assembler *as)
{
    for (size_t i = 0; i < as->fixups.len; i++) {
        const struct wn_fixup *f = &as->fixups.data[i];
        const struct wn_symbol *symbol = wn_symbol_find(&as->symbols, &f->label);
        if (!symbol || symbol->kind != WN_SYMBOL_LABEL)
            return fail_label(as, f, symbol);
        int64_t distance = (int64_t)symbol->value.magnitude - f->slot - 1;
        if (f->in_imm)
            as->slots.data[f->slot].imm = (int32_t)distance;
        else if (distance == (int16_t)distance)
            as->slots.data[f->slot].off = (int16_t)distance;
        else
            return wn_asm_fail(as, f->line, &f->label,
                               "%s is %lld slots away, which only gotol (ja32) can reach",
                               wn_token_quote(&f->label).text, (long long)distance);
    }
    return 0;
}

static int assemble(struct wn_assembler *as, const char *text, size_t len)
{
    struct wn_lexer lexer = wn_lexer_init(text, len);
    struct wn_line line;
    int r;
    while ((r = wn_lex_line(&lexer, &line, as->err)) > 0) {
        r = read_line(as, &line);
        if (r)
            return r;
    }
    r = r ? r : wn_asm_check_whole(as);
    return r ? r : resolve(as);
}

int wn_assemble(const char *text, size_t len, const struct wn_text_opts *opts, struct wn_slot **out,
                size_t *count, struct wn_error *err)
{
    struct wn_assembler as = {
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
