/* SPDX-License-Identifier: MIT */
#include <winnow/text.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "isa/decode.h"
#include "text/match.h"
#include "text/shape.h"

/** More than a line ever takes: number, label line, instruction. */
enum { LINE_BYTES = 256 };

struct writer {
    struct wn_text_opts opts;
    const struct wn_slot *slots;
    size_t count;
    uint8_t *targets; /* one byte a slot: whether it gets a label; NULL without labels */
    char *text;
    size_t len, cap;
};

/** Append to the line, for which there is room. */
static void put(struct writer *w, const char *fmt, ...) WN_PRINTF(2, 3);

static void put(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(w->text + w->len, w->cap - w->len, fmt, ap);
    va_end(ap);
    w->len += (size_t)n;
}

static bool make_room(struct writer *w)
{
    if (w->cap - w->len >= LINE_BYTES)
        return true;
    size_t cap = w->cap * 2 + 4096;
    char *grown = realloc(w->text, cap);
    if (!grown)
        return false;
    w->text = grown;
    w->cap = cap;
    return true;
}

static const char *template_of(const struct writer *w, const struct wn_row *row)
{
    const struct wn_shape *shape = &wn_shapes[wn_shape_of(row)];
    return w->opts.dialect == WN_DIALECT_MNEMONIC ? shape->mnemonic : shape->kernel;
}

/** Where an instruction leads, if a label can stand there: at an instruction of this program. */
static bool target_of(const struct wn_slot *slots, size_t count, size_t at,
                      const struct wn_row *row, size_t *target)
{
    if (!strstr(wn_shapes[wn_shape_of(row)].kernel, "%t"))
        return false;
    int64_t distance = wn_target_in_imm(row) ? slots[at].imm : slots[at].off;
    int64_t to = (int64_t)at + 1 + distance;
    if (to < 0 || to >= (int64_t)count || slots[to].opcode == 0)
        return false;
    *target = (size_t)to;
    return true;
}

static void put_target(struct writer *w, size_t at, const struct wn_row *row)
{
    size_t target;
    struct wn_slot s = w->slots[at];
    if (w->targets && target_of(w->slots, w->count, at, row, &target))
        put(w, "L%zu", target);
    else
        put(w, "%+" PRId32, wn_target_in_imm(row) ? s.imm : s.off);
}

static void put_wide(struct writer *w, size_t at)
{
    uint64_t v = (uint64_t)(uint32_t)w->slots[at + 1].imm << 32 | (uint32_t)w->slots[at].imm;
    if ((int64_t)v == (int32_t)v)
        put(w, "%" PRId32, (int32_t)v);
    else
        put(w, "0x%" PRIx64, v);
}

static void put_register(struct writer *w, const struct wn_row *row, char directive, unsigned reg)
{
    bool lower = directive >= 'a' || directive == '0';
    put(w, "%c%u", lower && wn_row_width(row) == WN_WIDTH_W ? 'w' : 'r', reg);
}

/** " + 4" or " - 4". */
static void put_sum(struct writer *w, int64_t v)
{
    put(w, " %c %" PRId64, v < 0 ? '-' : '+', v < 0 ? -v : v);
}

static void put_directive(struct writer *w, const struct wn_row *row, size_t at, char directive)
{
    struct wn_slot s = w->slots[at];
    bool wide_atomic = wn_opcode_size(row->opcode) == 8;
    switch (directive) {
    case 'n': put(w, "%s", row->name); break;
    case 'y': put(w, "%s", row->sym); break;
    case 'a': put(w, "atomic_%s", row->sym); break;
    case 'x': put(w, "%s%s", row->sym, wide_atomic ? "_64" : "32_32"); break;
    case 'u': put(w, "%s", wide_atomic ? "u64" : "u32"); break;
    case 'd':
    case 'D': put_register(w, row, directive, wn_slot_dst(s)); break;
    case 's':
    case 'S': put_register(w, row, directive, wn_slot_src(s)); break;
    case '0': put_register(w, row, directive, WN_R0); break;
    case 'r': put(w, "r%" PRId32, s.imm); break;
    case 'i': put(w, "%" PRId32, s.imm); break;
    case 'I': put(w, "%" PRIu32, (uint32_t)s.imm); break;
    case 'o': put_sum(w, s.off); break;
    case 'b': put(w, "%+d", s.off); break;
    case 't': put_target(w, at, row); break;
    case 'w': put_wide(w, at); break;
    case 'p':
        if (s.imm)
            put_sum(w, s.imm);
        break;
    case 'h':
        if (w->slots[at + 1].imm)
            put(w, ", %" PRIu32, (uint32_t)w->slots[at + 1].imm);
        break;
    }
}

static void put_instruction(struct writer *w, const struct wn_row *row, size_t at)
{
    for (const char *t = template_of(w, row); *t; t++) {
        size_t literal = strcspn(t, "%");
        memcpy(w->text + w->len, t, literal);
        w->len += literal;
        t += literal;
        if (!*t)
            break;
        put_directive(w, row, at, *++t);
    }
    put(w, "\n");
}

/** The row at a slot, its second slot checked too. Returns an id or WN_E_MALFORMED. */
static int row_at(const struct wn_slot *slots, size_t count, size_t at, struct wn_error *err)
{
    int id = wn_slot_row(slots[at], (uint32_t)at, err);
    if (id < 0 || wn_rows[id].form != WN_FORM_WIDE)
        return id;
    if (at + 1 == count)
        return wn_fail(err, WN_E_MALFORMED, (uint32_t)at, "lddw: the program ends inside it");
    struct wn_slot high = slots[at + 1];
    if (high.opcode || high.regs || high.off)
        return wn_fail(err, WN_E_MALFORMED, (uint32_t)at + 1,
                       "lddw: second slot must be zero but for its immediate");
    return id;
}

static int mark_targets(struct writer *w, struct wn_error *err)
{
    size_t target, step;
    w->targets = calloc(w->count + 1, 1);
    if (!w->targets)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (size_t at = 0; at < w->count; at += step) {
        int id = row_at(w->slots, w->count, at, err);
        if (id < 0)
            return id;
        step = wn_rows[id].form == WN_FORM_WIDE ? 2 : 1;
        if (target_of(w->slots, w->count, at, &wn_rows[id], &target))
            w->targets[target] = 1;
    }
    return 0;
}

static int write_all(struct writer *w, struct wn_error *err)
{
    size_t step;
    int r = w->opts.labels ? mark_targets(w, err) : 0;
    if (r)
        return r;
    for (size_t at = 0; at < w->count; at += step) {
        int id = row_at(w->slots, w->count, at, err);
        if (id < 0)
            return id;
        if (!make_room(w))
            return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
        if (w->targets && w->targets[at])
            put(w, "L%zu:\n", at);
        if (w->opts.numbers)
            put(w, "%6zu: ", at);
        else if (w->targets)
            put(w, "    ");
        put_instruction(w, &wn_rows[id], at);
        step = wn_rows[id].form == WN_FORM_WIDE ? 2 : 1;
    }
    return 0;
}

int wn_disassemble(const struct wn_slot *slots, size_t count, const struct wn_text_opts *opts,
                   char **out, struct wn_error *err)
{
    struct writer w = {.slots = slots, .count = count};
    if (opts)
        w.opts = *opts;
    int r = make_room(&w) ? write_all(&w, err) : wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (r == 0) {
        assert(w.text);
        w.text[w.len] = 0;
        *out = wn_give(w.text);
    }
    free(w.text);
    free(w.targets);
    return r;
}
