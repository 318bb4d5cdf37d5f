/* SPDX-License-Identifier: MIT */
#include "common/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/err.h>

enum severity { ERROR, WARNING };

static const struct {
    const char *name;
    enum severity severity;
} rows[DIAG_CODES] = {
#define D(code, severity, meaning) [DIAG_##code] = {#code, severity},
#include "common/diag.def"
#undef D
};

const char *diag_code_name(enum diag_code code)
{
    return rows[code].name;
}

/** One more item, zeroed; NULL without memory. */
static struct diag *append(struct diag_list *list)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 8;
        struct diag *items = reallocarray(list->items, cap, sizeof(*items));
        if (!items)
            return NULL;
        list->items = items;
        list->cap = cap;
    }
    struct diag *d = &list->items[list->count++];
    *d = (struct diag){0};
    return d;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

void diag_add(struct diag_list *list, enum diag_code code, struct diag_place at, const char *hint,
              const char *fmt, ...)
{
    bool warning = rows[code].severity == WARNING;
    if (warning)
        list->warnings++;
    else
        list->errors++;

    struct diag *d = append(list);
    if (!d)
        return;
    d->code = code;
    d->warning = warning;
    d->line = at.line;
    d->column = at.column;
    d->file = copy(at.file);
    d->section = copy(at.section);
    d->key = copy(at.key);
    d->hint = copy(hint);

    va_list args;
    va_start(args, fmt);
    if (vasprintf(&d->message, fmt, args) < 0)
        d->message = NULL;
    va_end(args);
    if (!d->message) { /* an item always has a message */
        free(d->file);
        free(d->section);
        free(d->key);
        free(d->hint);
        list->count--;
    }
}

void diag_insn_fini(struct diag_insn *insn)
{
    free(insn->text);
    free(insn->source);
    free(insn->line);
    *insn = (struct diag_insn){0};
}

char *diag_split(char *text, const struct diag_insn *insn)
{
    size_t len = strlen(text), source = insn->source ? strlen(insn->source) : 0;
    /* Objects that have lines say " (web.c:31)" at the end. */
    if (source && len > source + 3 && text[len - 1] == ')' &&
        !memcmp(text + len - 1 - source, insn->source, source) &&
        !memcmp(text + len - 3 - source, " (", 2))
        text[len - 3 - source] = '\0';
    char *hint = strstr(text, "; ");
    if (!hint)
        return NULL;
    *hint = '\0';
    return hint + 2;
}

char *diag_insn_print(uint32_t slot, const char *text, const char *source, const char *line)
{
    char *out;
    bool first = source && *source, second = line && *line;
    int n = asprintf(&out, "%u: %s%s%s%s%s", (unsigned)slot, text, first || second ? "    ; " : "",
                     first ? source : "", first && second ? "  " : "", second ? line : "");
    return n < 0 ? NULL : out;
}

/* What the verifier says: about slots that are instructions. */
static void add_rejection(struct diag_list *list, enum diag_code code, struct diag_place at,
                          const struct diag_insn *insn, const struct wn_error *err)
{
    char text[sizeof err->text];
    size_t before = list->count;
    bool verifier = code == DIAG_P110 || code == DIAG_P111;
    memcpy(text, err->text, sizeof text);
    const char *hint = diag_split(text, insn);
    diag_add(list, code, at, hint, "%sinsn %u: %s", verifier ? "verifier: " : "", (unsigned)err->at,
             text);
    if (list->count > before)
        list->items[before].insn = (struct diag_insn){
            .slot = insn->slot,
            .text = copy(insn->text),
            .source = copy(insn->source),
            .line = copy(insn->line),
        };
}

void diag_add_error(struct diag_list *list, enum diag_code code, struct diag_place at,
                    const struct diag_insn *insn, const struct wn_error *err)
{
    bool text = err->code == WN_E_SYNTAX; /* then the place is a line, else an instruction */
    if (text && !at.line && err->at != WN_NOWHERE) {
        at.line = err->at;
        at.column = err->column;
    }
    if (text || err->at == WN_NOWHERE)
        diag_add(list, code, at, NULL, "%s", err->text);
    else if (insn && insn->text)
        add_rejection(list, code, at, insn, err);
    else
        diag_add(list, code, at, NULL, "insn %u: %s", (unsigned)err->at, err->text);
}

void diag_fini(struct diag_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct diag *d = &list->items[i];
        free(d->file);
        free(d->section);
        free(d->key);
        free(d->message);
        free(d->hint);
        diag_insn_fini(&d->insn);
    }
    free(list->items);
    *list = (struct diag_list){0};
}

/** Print what may quote a stranger's file: nothing in it reaches the terminal as a command. */
static void print_plain(const char *text, FILE *to)
{
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        fputc((c < 0x20 && c != '\n') || c == 0x7f ? '?' : c, to);
    }
}

/* The hint of a message that ends on a line of its own does so as well. */
static void print_insn(const struct diag *d, FILE *to)
{
    const struct diag_insn *i = &d->insn;
    char *insn = diag_insn_print(i->slot, i->text, i->source, i->line);
    if (insn) {
        fputs("\n    ", to);
        print_plain(insn, to);
    }
    free(insn);
    if (d->hint) {
        fputs("\n    hint: ", to);
        print_plain(d->hint, to);
    }
}

static void print_one(const struct diag *d, FILE *to)
{
    if (d->file) {
        print_plain(d->file, to);
        if (d->line)
            fprintf(to, ":%u", d->line);
        if (d->line && d->column)
            fprintf(to, ":%u", d->column);
    } else {
        fputs(program_invocation_short_name, to);
    }
    fprintf(to, ": %s[%s]: ", d->warning ? "warning" : "error", rows[d->code].name);
    if (d->section) {
        fputc('[', to);
        print_plain(d->section, to);
        fputs("] ", to);
    }
    if (d->key) {
        print_plain(d->key, to);
        fputs(": ", to);
    }
    print_plain(d->message, to);
    if (d->insn.text) {
        print_insn(d, to);
    } else if (d->hint) {
        fputs("; ", to);
        print_plain(d->hint, to);
    }
    fputc('\n', to);
}

void diag_print(const struct diag_list *list, FILE *to)
{
    for (size_t i = 0; i < list->count; i++)
        print_one(&list->items[i], to);
}
