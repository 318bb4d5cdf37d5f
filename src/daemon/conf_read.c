/* SPDX-License-Identifier: MIT */
/*
 * Lines into objects and entries. inih splits keys from values; the reader it
 * calls is ours, so lines keep their numbers, none is cut, and sections without
 * keys are seen. inih asks for a line, then calls the handler at most once: so
 * what the reader has just noted is always about the line being handled.
 */
#include "daemon/conf_parts.h"

#include <ctype.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/own.h"

#define NO_OBJECT SIZE_MAX

struct reading {
    struct conf_input *in;
    const char *path;
    const char *at, *end; /* what is left of the file */
    unsigned line, column;
    size_t object;           /* NO_OBJECT: before the first section, or in one that is wrong */
    bool wrong_section;      /* its keys would only be complained about once more */
    bool continues;          /* the line goes on with the value of the one before */
    bool wanted, handled;    /* the line should reach the handler; it did */
    struct conf_entry *last; /* what a continuation would go on with */
    bool ignored;            /* there is something to go on with, but nobody wants it */
    char text[CONF_LINE_MAX + 1];
};

static struct diag_place here(const struct reading *r)
{
    return (struct diag_place){.file = r->path,
                               .line = r->line,
                               .column = r->column,
                               .section =
                                   r->object == NO_OBJECT ? NULL : r->in->objects[r->object].label};
}

/** After a line that cannot be used: what follows must not be taken for something else. */
static void skip_line(struct reading *r, bool header)
{
    r->last = NULL;
    r->ignored = true;
    if (header) {
        r->object = NO_OBJECT;
        r->wrong_section = true;
    }
}

/* ---- section headers */

/** Make room in the array for one more; false without memory. */
static bool grow(void **items, size_t n, size_t size, struct conf_input *in)
{
    if (n & (n - 1)) /* room for the next power of two was made at the last one */
        return true;
    void *more = reallocarray(*items, n ? 2 * n : 1, size);
    if (!more) {
        in->no_memory = true;
        return false;
    }
    *items = more;
    return true;
}

static const char *add_to_conf(struct conf *conf, enum conf_section section, const char *name,
                               struct conf_origin origin)
{
    if (section == SECTION_FILTER) {
        struct conf_filter *filter = conf_add_filter(conf, name);
        return filter ? filter->origin = origin, filter->name : NULL;
    }
    if (section == SECTION_INTERFACE) {
        struct conf_interface *iface = conf_add_interface(conf, name);
        return iface ? iface->origin = origin, iface->name : NULL;
    }
    struct conf_output *output = conf_add_output(conf, name);
    return output ? output->origin = origin, output->name : NULL;
}

static size_t add_object(struct reading *r, enum conf_section section, const char *name)
{
    struct conf_input *in = r->in;
    struct conf_origin origin = {.file = r->path, .line = r->line};
    void *items = in->objects;
    if (!grow(&items, in->n_objects, sizeof(*in->objects), in))
        return NO_OBJECT;
    in->objects = items;

    struct conf_object *o = &in->objects[in->n_objects];
    *o = (struct conf_object){.section = section, .origin = origin};
    const char *word = conf_section_word(section);
    if (name) {
        o->index = conf_object_count(in->conf, section);
        o->name = add_to_conf(in->conf, section, name, origin);
        if (!o->name) {
            in->no_memory = true;
            return NO_OBJECT;
        }
    }
    snprintf(o->label, sizeof(o->label), "%s%s%s", word, name ? " " : "", name ? name : "");
    return in->n_objects++;
}

static size_t find_object(const struct reading *r, enum conf_section section, const char *name)
{
    for (size_t i = 0; i < r->in->n_objects; i++) {
        const struct conf_object *o = &r->in->objects[i];
        if (o->section == section && (!name || strcmp(o->name, name) == 0))
            return i;
    }
    return NO_OBJECT;
}

static void unknown_section(struct reading *r, const char *word)
{
    static const char *const words[] = {"winnowd", "control",   "log",
                                        "filter",  "interface", "output"};
    if (conf_is_later(word, "")) {
        diag_add(r->in->diags, DIAG_C003, here(r), NULL,
                 "section [%s] is not supported yet by this version", word);
        return;
    }
    char hint[80];
    const char *near = nearest_find(word, words, sizeof(words) / sizeof(words[0]));
    if (near)
        snprintf(hint, sizeof(hint), "did you mean [%s]?", near);
    else
        snprintf(hint, sizeof(hint), "known: winnowd, control, log, filter, interface, output");
    diag_add(r->in->diags, DIAG_C003, here(r), hint, "unknown section [%s]", word);
}

/** Is the name of a section what it should be? Complains if not. */
static bool check_name(struct reading *r, enum conf_section section, const char *name)
{
    const char *word = conf_section_word(section);
    char hint[96];
    if (!conf_section_named(section)) {
        if (!*name)
            return true;
        snprintf(hint, sizeof(hint), "write [%s]", word);
        diag_add(r->in->diags, DIAG_C007, here(r), hint, "section [%s] takes no name", word);
        return false;
    }
    if (!*name) {
        snprintf(hint, sizeof(hint), "write [%s NAME]", word);
        diag_add(r->in->diags, DIAG_C007, here(r), hint, "section [%s] needs a name", word);
        return false;
    }
    if (!conf_name_ok(name)) {
        diag_add(r->in->diags, DIAG_C008, here(r),
                 "write 1 to 31 letters, digits, _ . or -, beginning with a letter or digit",
                 "bad name \"%s\"", name);
        return false;
    }
    if (section == SECTION_FILTER && strcmp(name, "none") == 0) {
        diag_add(r->in->diags, DIAG_C008, here(r), "choose another",
                 "a filter cannot be named \"none\": the word means no filter");
        return false;
    }
    return true;
}

static bool too_many(struct reading *r, enum conf_section section)
{
    if (!conf_section_named(section) || conf_object_count(r->in->conf, section) < CONF_OBJECTS_MAX)
        return false;
    diag_add(r->in->diags, DIAG_C018, here(r), NULL, "more than %d [%s] sections", CONF_OBJECTS_MAX,
             conf_section_word(section));
    return true;
}

static void enter_object(struct reading *r, enum conf_section section, const char *name)
{
    r->object = find_object(r, section, name);
    if (r->object == NO_OBJECT) {
        if (!too_many(r, section))
            r->object = add_object(r, section, name);
        r->wrong_section = r->object == NO_OBJECT;
        return;
    }
    struct conf_object *o = &r->in->objects[r->object];
    if (o->origin.file == r->path)
        diag_add(r->in->diags, DIAG_C004, here(r), NULL, "section is given twice, first on line %u",
                 o->origin.line);
    else
        o->origin = (struct conf_origin){.file = r->path, .line = r->line};
}

/** Cut trailing blanks. */
static void trim(char *text)
{
    size_t len = strlen(text);
    while (len && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
}

/** `[word]` or `[word name]`, perhaps with a comment behind. */
static void open_section(struct reading *r, const char *line)
{
    char text[CONF_LINE_MAX + 1];
    r->object = NO_OBJECT;
    r->wrong_section = true; /* until it is seen to be right */
    r->last = NULL;
    r->ignored = false;

    const char *close = strchr(line, ']');
    const char *rest = close ? close + 1 : "";
    rest += strspn(rest, " \t");
    if (!close || (*rest && *rest != ';' && *rest != '#')) {
        diag_add(r->in->diags, DIAG_C007, here(r), "write [section] or [section NAME]",
                 "bad section header \"%s\"", line);
        return;
    }
    snprintf(text, sizeof(text), "%.*s", (int)(close - line - 1), line + 1);
    trim(text);
    char *word = text + strspn(text, " \t");
    char *name = word + strcspn(word, " \t");
    if (*name)
        *name++ = '\0';
    name += strspn(name, " \t");

    enum conf_section section;
    if (!conf_section_find(word, &section)) {
        unknown_section(r, word);
    } else if (check_name(r, section, name)) {
        r->wrong_section = false;
        enter_object(r, section, conf_section_named(section) ? name : NULL);
    }
}

/* ---- keys */

/** The key most like it, with the name it gives where ours have a *; NULL: none is. */
static char *nearest_key(const char *key, const char *const *names, size_t n)
{
    const char *dot = strchr(key, '.'), *last = strrchr(key, '.');
    const char *near = nearest_find(key, names, n);
    if (near || !dot)
        return near ? strdup(near) : NULL;
    /* What differs is before the name or behind it: const.X, map.X.file */
    size_t len = last == dot ? strlen(dot + 1) : (size_t)(last - dot - 1);
    OWN(free) char *name = strndup(dot + 1, len);
    char *filled[CONF_ROWS_MAX], *found = NULL;
    size_t many = 0;
    for (size_t i = 0; name && i < n; i++) {
        filled[many] = strchr(names[i], '*') ? conf_key_with(names[i], name) : NULL;
        many += filled[many] != NULL;
    }
    near = nearest_find(key, (const char *const *)filled, many);
    for (size_t i = 0; i < many; i++) {
        if (filled[i] == near)
            found = filled[i];
        else
            free(filled[i]);
    }
    return found;
}

static void unknown_key(struct reading *r, enum conf_section section, const char *key)
{
    const char *word = conf_section_word(section);
    if (conf_is_later(word, key)) {
        diag_add(r->in->diags, DIAG_C003, here(r), NULL,
                 "key \"%s\" is not supported yet by this version", key);
        return;
    }
    const char *names[CONF_ROWS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_row_in(&conf_rows[i], section))
            names[n++] = conf_rows[i].key;

    char hint[256];
    OWN(free) char *near = nearest_key(key, names, n);
    if (near) {
        snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
    } else {
        snprintf(hint, sizeof(hint), "known: ");
        for (size_t i = 0; i < n; i++) {
            size_t at = strlen(hint);
            snprintf(hint + at, sizeof(hint) - at, "%s%s", i ? ", " : "", names[i]);
        }
    }
    diag_add(r->in->diags, DIAG_C003, here(r), hint, "unknown key \"%s\"", key);
}

static void add_entry(struct reading *r, const struct conf_row *row, const char *key,
                      const char *text)
{
    struct conf_input *in = r->in;
    void *items = in->entries;
    if (!grow(&items, in->n_entries, sizeof(*in->entries), in))
        return;
    in->entries = items;
    struct conf_entry *e = &in->entries[in->n_entries];
    *e = (struct conf_entry){.row = row,
                             .object = r->object,
                             .origin = {.file = r->path, .line = r->line},
                             .column = r->column,
                             .key = strdup(key),
                             .text = strdup(text)};
    if (!e->key || !e->text) {
        free(e->key);
        free(e->text);
        in->no_memory = true;
        return;
    }
    in->n_entries++;
    r->last = e;
    r->ignored = false;
}

static void add_key(struct reading *r, const char *key, const char *value)
{
    r->last = NULL;
    r->ignored = true; /* unless it becomes an entry */
    if (r->wrong_section || strncmp(key, "x-", 2) == 0)
        return;
    if (r->object == NO_OBJECT) {
        diag_add(r->in->diags, DIAG_C003, here(r), "begin with a section, as in [winnowd]",
                 "key \"%s\" stands before any section", key);
        return;
    }
    enum conf_section section = r->in->objects[r->object].section;
    const struct conf_row *row = conf_row_find(section, key);
    if (!row)
        unknown_key(r, section, key);
    else
        add_entry(r, row, key, value);
}

/** inih cuts ` ;` comments from values, but not from lines that go on with one. */
static void cut_comment(char *text)
{
    for (char *p = strchr(text, ';'); p; p = strchr(p + 1, ';')) {
        if (p == text || isspace((unsigned char)p[-1])) {
            *p = '\0';
            trim(text);
            return;
        }
    }
}

static void continue_value(struct reading *r, const char *value)
{
    struct conf_entry *e = r->last;
    struct diag_place at = here(r);
    at.key = e->key;
    if (e->row->type != TYPE_TEXT && !conf_is_list(e->row)) {
        diag_add(r->in->diags, DIAG_C006, at, "a key begins in the first column",
                 "an indented line goes on with the value before it, which takes one line only");
        return;
    }
    char more[CONF_LINE_MAX + 1], *text;
    snprintf(more, sizeof(more), "%s", value);
    cut_comment(more);
    if (strlen(e->text) + strlen(more) >= CONF_VALUE_MAX) {
        diag_add(r->in->diags, DIAG_C018, at, NULL, "more than %d bytes", CONF_VALUE_MAX);
        skip_line(r, false);
        return;
    }
    if (asprintf(&text, "%s%s%s", e->text, *e->text ? " " : "", more) < 0) {
        r->in->no_memory = true;
        return;
    }
    free(e->text);
    e->text = text;
}

/** inih's handler: one key and value, or one continued value. */
static int on_value(void *arg, const char *section, const char *key, const char *value)
{
    struct reading *r = arg;
    (void)section; /* cut at 49 bytes, and not told when empty: the reader knows better */
    r->handled = true;
    const char *hash = strstr(value, " #");
    if (hash || *value == '#') {
        diag_add(r->in->diags, DIAG_C006, here(r), "put ; before a comment that follows a value",
                 "# begins a comment only at the start of a line");
        skip_line(r, false);
    } else if (r->continues) {
        continue_value(r, value);
    } else if (!*key) {
        diag_add(r->in->diags, DIAG_C006, here(r), NULL, "no key before =");
        skip_line(r, false);
    } else {
        add_key(r, key, *value == ';' ? "" : value); /* inih wants a blank before a comment */
    }
    return 1;
}

/* ---- lines */

/** The first byte that is no UTF-8 text (RFC 3629), or size. Tabs are the only control bytes. */
static size_t text_length(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        unsigned char c = (unsigned char)text[i];
        unsigned follow = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : 3;
        if ((c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xc2) || c > 0xf4 || i + follow >= size)
            return i;
        for (unsigned k = 1; k <= follow; k++)
            if (((unsigned char)text[i + k] & 0xc0) != 0x80)
                return i;
        unsigned char next = follow ? (unsigned char)text[i + 1] : 0x80;
        if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
            (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))
            return i;
        i += follow + 1;
    }
    return size;
}

/** Is the line one that can be read at all? Complains if not. */
static bool check_line(struct reading *r, const char *line, size_t len)
{
    if (len > CONF_LINE_MAX) {
        diag_add(r->in->diags, DIAG_C002, here(r), "continue a value on an indented line",
                 "line has %zu bytes; at most %d can be read", len, CONF_LINE_MAX);
        return false;
    }
    size_t good = text_length(line, len);
    if (good < len) {
        r->column = (unsigned)good + 1;
        unsigned char c = (unsigned char)line[good];
        if (!c)
            diag_add(r->in->diags, DIAG_C009, here(r), NULL, "a NUL byte");
        else if (c < 0x80)
            diag_add(r->in->diags, DIAG_C009, here(r), NULL, "control byte 0x%02x", c);
        else
            diag_add(r->in->diags, DIAG_C009, here(r), "save the file as UTF-8",
                     "byte 0x%02x is not UTF-8", c);
        return false;
    }
    return true;
}

/** Look at a line before inih does; false if inih is to see an empty one instead. */
static bool admit(struct reading *r, const char *line, size_t len)
{
    size_t indent = strspn(line, " \t");
    r->continues = false;
    if (indent == len || line[indent] == '#' || line[indent] == ';')
        return false;
    r->column = (unsigned)indent + 1;
    if (line[0] == '[') {
        open_section(r, line);
        return true;
    }
    if (indent) {
        if (!r->last && !r->ignored) {
            diag_add(r->in->diags, DIAG_C006, here(r),
                     "a key or section begins in the first column",
                     "an indented line, but no value before it to go on with");
            return false;
        }
        if (!r->last)
            return false;
        r->continues = true;
    }
    r->wanted = true;
    return true;
}

/** Was the last line one that inih could make nothing of? */
static void settle(struct reading *r)
{
    if (r->wanted && !r->handled) {
        diag_add(r->in->diags, DIAG_C006, here(r), NULL, "\"%s\" is not key = value", r->text);
        skip_line(r, false);
    }
    r->wanted = r->handled = false;
}

/** inih's reader, shaped as fgets(). */
static char *next_line(char *to, int size, void *arg)
{
    struct reading *r = arg;
    settle(r);
    if (r->at == r->end || size <= CONF_LINE_MAX)
        return NULL;
    const char *line = r->at;
    const char *end = memchr(line, '\n', (size_t)(r->end - line));
    r->at = end ? end + 1 : r->end;
    size_t len = (size_t)((end ? end : r->end) - line);
    if (len && line[len - 1] == '\r')
        len--;
    r->line++;
    r->column = 1;
    to[0] = '\0';
    if (!check_line(r, line, len)) {
        skip_line(r, line[0] == '[');
        return to;
    }
    memcpy(r->text, line, len);
    r->text[len] = '\0';
    if (admit(r, r->text, len))
        memcpy(to, r->text, len + 1);
    return to;
}

void conf_file_parse(struct conf_input *in, const struct conf_file *file)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reading r = {.in = in,
                        .path = file->path,
                        .at = file->bytes,
                        .end = file->bytes + file->size,
                        .object = NO_OBJECT};
    if (file->size >= 3 && memcmp(file->bytes, bom, 3) == 0)
        r.at += 3;
    ini_parse_stream(next_line, &r, on_value, &r);
    settle(&r);
}
