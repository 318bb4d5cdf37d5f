/* SPDX-License-Identifier: MIT */
#include "common/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winnow/object.h>

#include "common/expr.h"
#include "common/own.h"
#include "common/variables.h"

#define FIRST_BYTES   65536
#define NAME_BYTES    256
#define MACHINE_AT    18  /* of e_machine in an ELF header */
#define MACHINE_BPF   247 /* EM_BPF */
#define MACHINE_BYTES 20  /* of the header that are needed to know */

/* A file in memory, terminated, and what it is. */
struct text {
    char *data;
    size_t len;
    enum source_kind kind;
};

static inline void own_text(struct text *text)
{
    free(text->data);
}

static inline void own_fd(int *fd)
{
    if (*fd > STDIN_FILENO)
        close(*fd);
}

static int give_fd(int *fd)
{
    int given = *fd;
    *fd = -1;
    return given;
}

/* The one way out of a failure: the code that fits, if anybody wants to know it. */
static int because(enum diag_code *why, enum diag_code code, int result)
{
    if (why)
        *why = code;
    return result;
}

/* Messages do not name the file: diagnostics begin with it. */
static int fail_file(int code, struct wn_error *err)
{
    return wn_fail(err, code, WN_NOWHERE, "cannot be read: %s", strerror(-code));
}

/*
 * Non-blocking, so that a FIFO in the place of a file does not stop the caller
 * for ever; whoever allows pipes waits for them.
 */
static int open_file(const char *path, bool any_file, int *out, struct wn_error *err)
{
    struct stat st;
    if (any_file && !strcmp(path, "-")) {
        *out = STDIN_FILENO;
        return 0;
    }
    int flags = O_RDONLY | O_CLOEXEC | (any_file ? 0 : O_NONBLOCK);
    OWN(fd) int fd = open(path, flags);
    if (fd < 0 || fstat(fd, &st))
        return fail_file(-errno, err);
    if (S_ISDIR(st.st_mode))
        return fail_file(-EISDIR, err);
    if (!any_file && !S_ISREG(st.st_mode))
        return wn_fail(err, -EINVAL, WN_NOWHERE, "is no regular file");
    *out = give_fd(&fd);
    return 0;
}

static int read_all(int fd, struct text *out, struct wn_error *err)
{
    OWN(free) char *data = NULL;
    size_t len = 0, cap = 0;

    for (;;) {
        if (len + 1 >= cap) {
            if (len > SOURCE_OBJECT_MAX)
                return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "is larger than %u MiB",
                               SOURCE_OBJECT_MAX >> 20);
            cap = cap ? cap * 2 : FIRST_BYTES;
            char *more = realloc(data, cap);
            if (!more)
                return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
            data = more;
        }
        ssize_t n = read(fd, data + len, cap - len - 1);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return fail_file(-errno, err);
        len += n > 0 ? (size_t)n : 0;
    }
    data[len] = '\0';
    out->data = give(data);
    out->len = len;
    return 0;
}

static bool begins_with_numbers(const char *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        size_t digits = strspn(text, "0123456789");
        if (!digits || !strchr(" \t\r\n", text[digits]))
            return false;
        text += digits;
        text += strspn(text, " \t\r\n");
    }
    return true;
}

/*
 * What `tcpdump -d`, `-dd` or `-ddd` wrote. No expression begins so: it has no
 * braces, no five numbers in a row, and behind brackets no word with these letters.
 */
static bool is_classic(const char *text)
{
    text += strspn(text, " \t\r\n");
    if (*text == '{')
        return true;
    if (!strncmp(text, "(000)", 5)) {
        text += 5;
        text += strspn(text, " \t");
        return *text && strchr("ljrst", *text);
    }
    return begins_with_numbers(text, 5);
}

static enum source_kind kind_of(const char *path, const struct text *text)
{
    size_t len = strlen(path);
    if (text->len >= 4 && !memcmp(text->data, "\177ELF", 4))
        return SOURCE_OBJECT;
    if (len > 2 && !strcmp(path + len - 2, ".s"))
        return SOURCE_ASSEMBLY;
    if (text->len && text->len % WN_SLOT_BYTES == 0 && memchr(text->data, '\0', text->len))
        return SOURCE_SLOTS;
    return text->data && is_classic(text->data) ? SOURCE_CLASSIC : SOURCE_EXPRESSION;
}

static int load_text(const char *path, bool any_file, struct text *out, struct wn_error *err)
{
    OWN(fd) int fd = -1;
    OWN(text) struct text text = {0};
    int code = open_file(path, any_file, &fd, err);
    if (!code)
        code = read_all(fd, &text, err);
    if (code)
        return code;

    text.kind = kind_of(path, &text);
    if (text.kind != SOURCE_OBJECT && text.len > SOURCE_TEXT_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "is no object, and larger than %u MiB",
                       SOURCE_TEXT_MAX >> 20);
    *out = text;
    out->data = give(text.data);
    return 0;
}

/* `tcpdump -F`: what follows a # is no part of the expression, and lines are joined. */
static int plain_expression(struct text *text, struct wn_error *err)
{
    if (memchr(text->data, '\0', text->len))
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "is neither an object nor text: it holds a zero byte");
    for (char *c = text->data; *c; c++) {
        if (*c == '#') {
            size_t comment = strcspn(c, "\n");
            memset(c, ' ', comment);
            c += comment - 1;
        } else if (*c == '\n' || *c == '\r') {
            *c = ' ';
        }
    }
    return 0;
}

static enum diag_code why_no_object(const struct text *text, int code)
{
    const unsigned char *bytes = (const unsigned char *)text->data;
    if (code == WN_E_UNSUPPORTED)
        return DIAG_P103;
    if (code == WN_E_LIMIT)
        return DIAG_P111;
    return text->len >= MACHINE_BYTES &&
                   (bytes[MACHINE_AT] | bytes[MACHINE_AT + 1] << 8) != MACHINE_BPF
               ? DIAG_P101
               : DIAG_P100;
}

static enum diag_code why_no_program(int code)
{
    switch (code) {
    case WN_E_LIMIT:
    case -ENOMEM: return DIAG_P111;
    case WN_E_UNSUPPORTED: return DIAG_P105;
    case WN_E_NOJIT: return DIAG_P112;
    default: return DIAG_P110;
    }
}

/* Slots as they lie in files, little-endian. */
static int raw_slots(const struct text *text, struct wn_slot **slots, size_t *count,
                     struct wn_error *err)
{
    const uint8_t *b = (const uint8_t *)text->data;
    size_t n = text->len / WN_SLOT_BYTES;
    struct wn_slot *out = malloc(n * sizeof *out);
    if (!out)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (size_t i = 0; i < n; i++, b += WN_SLOT_BYTES)
        out[i] = wn_slot_decode(b);
    *slots = out;
    *count = n;
    return 0;
}

/* A program that reads well may still make no sense. */
static int classic_slots(const struct text *text, struct wn_slot **slots, size_t *count,
                         enum diag_code *why, struct wn_error *err)
{
    OWN(free) struct wn_cbpf_insn *insns = NULL;
    size_t n;
    int code = wn_cbpf_parse(text->data, text->len, &insns, &n, err);
    if (code)
        return because(why, DIAG_P132, code);
    code = wn_cbpf_translate(insns, n, slots, count, err);
    return code ? because(why, DIAG_P110, code) : 0;
}

static int text_slots(struct text *text, const struct source_opts *opts, struct wn_slot **slots,
                      size_t *count, enum diag_code *why, struct wn_error *err)
{
    int code;
    switch (text->kind) {
    case SOURCE_ASSEMBLY:
        code = wn_assemble(text->data, text->len, &opts->text, slots, count, err);
        return code ? because(why, DIAG_P131, code) : 0;
    case SOURCE_SLOTS:
        code = raw_slots(text, slots, count, err);
        return code ? because(why, DIAG_P111, code) : 0;
    case SOURCE_CLASSIC: return classic_slots(text, slots, count, why, err);
    case SOURCE_OBJECT:
    case SOURCE_EXPRESSION: break;
    }
    code = plain_expression(text, err);
    if (code)
        return because(why, DIAG_P100, code);
    return source_expr_slots(text->data, opts, slots, count, why, err);
}

struct source {
    struct text text;         /* nothing if it is an object or an expression's */
    bool file;                /* else an expression from elsewhere */
    struct wn_object *object; /* NULL: it is none */
    bool variables_set;       /* of the object */
    size_t number;            /* in the object, of the program asked for last; */
    struct wn_slot *slots;    /* else its slots; NULL: there were none */
    size_t count;
};

void source_close(struct source *source)
{
    if (!source)
        return;
    wn_object_free(source->object);
    free(source->slots);
    free(source->text.data);
    free(source);
}

OWN_BY(source, struct source, source_close)

static int no_memory(enum diag_code *why, struct wn_error *err)
{
    wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    return because(why, DIAG_P111, -ENOMEM);
}

int source_open(const char *path, const struct source_opts *opts, struct source **out,
                enum diag_code *why, struct wn_error *err)
{
    OWN(source) struct source *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(why, err);
    s->file = true;
    int code = load_text(path, opts->any_file, &s->text, err);
    if (code)
        return because(why, DIAG_P100, code);
    if (s->text.kind == SOURCE_OBJECT) {
        code = wn_object_parse(s->text.data, s->text.len, &s->object, err);
        if (code)
            return because(why, why_no_object(&s->text, code), code);
        free(give(s->text.data));
    }
    *out = give(s);
    return 0;
}

int source_open_expr(const char *expr, struct source **out, enum diag_code *why,
                     struct wn_error *err)
{
    OWN(source) struct source *s = calloc(1, sizeof *s);
    if (!s || !(s->text.data = strdup(expr)))
        return no_memory(why, err);
    s->text.kind = SOURCE_EXPRESSION;
    *out = give(s);
    return 0;
}

enum source_kind source_kind(const struct source *source)
{
    return source->text.kind;
}

struct wn_object *source_object(struct source *source)
{
    return source->object;
}

/* Whatever is wrong with them, it is not that the file could not be read. */
static int set_variables(struct source *source, const struct source_opts *opts,
                         struct wn_error *err)
{
    struct wn_error why;
    for (size_t i = 0; !source->variables_set && i < opts->n_consts; i++) {
        if (variables_assign(source->object, opts->consts[i], &why))
            return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%s", why.text);
    }
    return 0;
}

/* "MAP=N" */
static int set_size(struct wn_object *object, const char *assignment, struct wn_error *err)
{
    char name[NAME_BYTES], *end;
    size_t len = strcspn(assignment, "=");
    const char *digits = assignment + len + 1;
    if (!assignment[len] || !len || len >= sizeof name)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "\"%.60s\": expected MAP=N", assignment);
    snprintf(name, sizeof name, "%.*s", (int)len, assignment);
    unsigned long long n = *digits >= '0' && *digits <= '9' ? strtoull(digits, &end, 0) : 0;
    if (n == 0 || n > UINT32_MAX || *end)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "%.60s: \"%.40s\" is no number of entries",
                       name, digits);
    return wn_object_resize_map(object, name, (uint32_t)n, err);
}

static int set_sizes(struct source *source, const struct source_opts *opts, struct wn_error *err)
{
    struct wn_error why;
    for (size_t i = 0; !source->variables_set && i < opts->n_entries; i++) {
        if (set_size(source->object, opts->entries[i], &why))
            return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%s", why.text);
    }
    return 0;
}

int source_program(struct source *source, const struct source_opts *opts, struct wn_prog **out,
                   enum diag_code *why, struct wn_error *err)
{
    int code;
    free(give(source->slots));
    source->count = 0;
    if (source->object) {
        code = wn_object_find(source->object, opts->section, err);
        if (code < 0)
            return because(why, DIAG_P102, code);
        wn_object_slots(source->object, (size_t)code, &source->count);
        source->number = (size_t)code;
        code = set_variables(source, opts, err);
        if (code)
            return because(why, DIAG_P107, code);
        code = set_sizes(source, opts, err);
        if (code)
            return because(why, DIAG_P104, code);
        source->variables_set = true;
        code = wn_prog_load(source->object, opts->section, &opts->prog, out, err);
        return code ? because(why, why_no_program(code), code) : 0;
    }
    if (opts->n_entries)
        return because(why, DIAG_P104,
                       wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%.100s: only objects have maps",
                               opts->entries[0]));
    if (opts->n_consts)
        return because(why, DIAG_P107,
                       wn_fail(err, WN_E_REJECTED, WN_NOWHERE,
                               "%.100s: only objects have variables", opts->consts[0]));
    code = source->file ? text_slots(&source->text, opts, &source->slots, &source->count, why, err)
                        : source_expr_slots(source->text.data, opts, &source->slots, &source->count,
                                            why, err);
    if (code)
        return code;
    code = wn_prog_new(source->slots, source->count, &opts->prog, out, err);
    return code ? because(why, why_no_program(code), code) : 0;
}

/* What is no instruction is shown as the bytes that it has in a file. */
static char *slot_bytes(struct wn_slot slot)
{
    uint8_t b[WN_SLOT_BYTES];
    char *text;
    wn_slot_encode(slot, b);
    return asprintf(&text, "%02x %02x %02x %02x %02x %02x %02x %02x", b[0], b[1], b[2], b[3], b[4],
                    b[5], b[6], b[7]) < 0
               ? NULL
               : text;
}

void source_slot_insn(const struct wn_slot *slots, size_t count, uint32_t slot,
                      struct diag_insn *out)
{
    *out = (struct diag_insn){.slot = slot};
    if (slot >= count)
        return;
    int code = WN_E_MALFORMED;
    for (size_t n = 1; code == WN_E_MALFORMED && n <= 2 && slot + n <= count; n++)
        code = wn_disassemble(slots + slot, n, NULL, &out->text, NULL);
    if (code)
        out->text = code == WN_E_MALFORMED ? slot_bytes(slots[slot]) : NULL;
    else
        out->text[strcspn(out->text, "\n")] = '\0';
}

void source_insn(const struct source *source, uint32_t slot, struct diag_insn *out)
{
    struct wn_object_line line;
    if (!source->object) {
        source_slot_insn(source->slots, source->count, slot, out);
        return;
    }
    size_t count;
    const struct wn_slot *slots = wn_object_slots(source->object, source->number, &count);
    source_slot_insn(slots, source->count, slot, out);
    if (slot >= source->count || !wn_object_line(source->object, source->number, slot, &line) ||
        !line.line)
        return;
    const char *slash = strrchr(line.file, '/');
    if (asprintf(&out->source, "%s:%u", slash ? slash + 1 : line.file, line.line) < 0)
        out->source = NULL;
    if (*line.text)
        out->line = strdup(line.text);
    for (char *c = out->line; c && *c; c++) {
        if (*c == '\t') /* the one control character that C is written with */
            *c = ' ';
    }
}

static int object_slots(const struct wn_object *object, const char *section, struct wn_slot **slots,
                        size_t *count, enum diag_code *why, struct wn_error *err)
{
    int number = wn_object_find(object, section, err);
    if (number < 0)
        return because(why, DIAG_P102, number);
    size_t n;
    const struct wn_slot *found = wn_object_slots(object, (size_t)number, &n);
    struct wn_slot *copy = malloc(n * sizeof *copy + 1);
    if (!copy)
        return because(why, DIAG_P111, wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory"));
    memcpy(copy, found, n * sizeof *copy);
    *slots = copy;
    *count = n;
    return 0;
}

int source_slots(const char *path, const struct source_opts *opts, struct wn_slot **slots,
                 size_t *count, enum source_kind *kind, enum diag_code *why, struct wn_error *err)
{
    OWN(source) struct source *source = NULL;
    int code = source_open(path, opts, &source, why, err);
    if (code || !source)
        return code;
    if (kind)
        *kind = source->text.kind;
    return source->object ? object_slots(source->object, opts->section, slots, count, why, err)
                          : text_slots(&source->text, opts, slots, count, why, err);
}

int source_expr_slots(const char *expr, const struct source_opts *opts, struct wn_slot **slots,
                      size_t *count, enum diag_code *why, struct wn_error *err)
{
    int code = expr_compile(expr, opts->linktype, slots, count, err);
    return code ? because(why, DIAG_P130, code) : 0;
}

int source_assembly_slots(const char *path, const struct source_opts *opts, struct wn_slot **slots,
                          size_t *count, enum diag_code *why, struct wn_error *err)
{
    OWN(text) struct text text = {0};
    int code = load_text(path, opts->any_file, &text, err);
    if (code)
        return because(why, DIAG_P100, code);
    text.kind = SOURCE_ASSEMBLY;
    return text_slots(&text, opts, slots, count, why, err);
}
