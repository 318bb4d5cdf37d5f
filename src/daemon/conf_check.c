/* SPDX-License-Identifier: MIT */
/* Checks that need more than one value, or the file system. */
#include "daemon/conf_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/own.h"

static const struct conf_origin *given(const struct conf_object *o, const char *key)
{
    return &o->given[conf_row_find(o->section, key) - conf_rows];
}

/** Where a key stands, or else its section. */
static struct diag_place place(const struct conf_object *o, const char *key)
{
    size_t row = (size_t)(conf_row_find(o->section, key) - conf_rows);
    struct diag_place at = {.section = o->label, .key = key};
    bool set = o->given[row].line;
    at.file = set ? o->given[row].file : o->origin.file;
    at.line = set ? o->given[row].line : o->origin.line;
    at.column = set ? o->column[row] : 1;
    return at;
}

/** Place of a section itself. */
static struct diag_place header(const struct conf_object *o)
{
    return (struct diag_place){
        .file = o->origin.file, .line = o->origin.line, .column = 1, .section = o->label};
}

/* ---- files */

static void check_readable(struct conf_input *in, struct diag_place at, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0 || faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
        diag_add(in->diags, DIAG_C001, at, NULL, "%s cannot be read: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        diag_add(in->diags, DIAG_C001, at, NULL, "%s cannot be read: it is not a file", path);
    else
        conf_file_trust(&st, at, in->diags);
}

static void check_dir(struct conf_input *in, const struct conf_object *o, const char *path)
{
    struct stat st;
    int error = 0;
    if (stat(path, &st) < 0)
        error = errno;
    else if (!S_ISDIR(st.st_mode))
        error = ENOTDIR;
    else if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
        error = errno;
    if (error)
        diag_add(in->diags, DIAG_C060, place(o, "dir"),
                 error == ENOENT ? "create the directory first" : NULL,
                 "%s cannot be written to: %s", path, strerror(error));
}

/* ---- patterns */

/** One placeholder, without %{ and }: is it known, and does it make names differ? */
static bool check_placeholder(const char *name, size_t len, bool *unique)
{
    if (len > 4 && strncmp(name, "utc:", 4) == 0) {
        for (size_t i = 4; i < len; i++)
            if (name[i] == '%' && (++i == len || !strchr("YmdHMSjyab%", name[i])))
                return false;
        *unique = true;
        return true;
    }
    if (len >= 3 && strncmp(name, "seq", 3) == 0) {
        *unique = true;
        return len == 3 || (len == 5 && name[3] == ':' && name[4] >= '1' && name[4] <= '9');
    }
    return (len == 6 && strncmp(name, "output", 6) == 0) ||
           (len == 4 && strncmp(name, "host", 4) == 0);
}

static void check_pattern(struct conf_input *in, const struct conf_object *o, const char *pattern)
{
    bool unique = false;
    for (const char *p = strchr(pattern, '%'); p; p = strchr(p, '%')) {
        const char *end = p[1] == '{' ? strchr(p, '}') : NULL;
        if (!end || !check_placeholder(p + 2, (size_t)(end - p - 2), &unique)) {
            int len = end ? (int)(end - p) + 1 : (int)strlen(p);
            diag_add(in->diags, DIAG_C014, place(o, "name"),
                     "known: %{output}, %{host}, %{utc:%Y%m%dT%H%M%SZ}, %{seq:6}",
                     "unknown placeholder \"%.*s\"", len, p);
            return;
        }
        p = end;
    }
    if (!unique)
        diag_add(in->diags, DIAG_C061, place(o, "name"), "put in %{seq:6} or %{utc:...}",
                 "\"%s\" gives every file the same name", pattern);
}

static bool same_dir(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    while (n > 1 && a[n - 1] == '/')
        n--;
    while (m > 1 && b[m - 1] == '/')
        m--;
    return n == m && strncmp(a, b, n) == 0;
}

/** Same place and same names, unless the output's own name is in them. */
static void check_same_names(struct conf_input *in, const struct conf_object *o)
{
    const struct conf_output *a = &in->conf->outputs[o->index];
    for (size_t i = 0; i < o->index; i++) {
        const struct conf_output *b = &in->conf->outputs[i];
        if (b->type == OUTPUT_FILE && b->dir && a->dir && same_dir(a->dir, b->dir) &&
            strcmp(a->pattern, b->pattern) == 0 && !strstr(a->pattern, "%{output}")) {
            diag_add(in->diags, DIAG_C062, place(o, "name"), "put in %{output}",
                     "makes the same names as [output %s] in the same directory", b->name);
            return;
        }
    }
}

/* ---- objects */

/** After an error, such as a misspelt reference, nobody can tell. */
static void unused(struct conf_input *in, const struct conf_object *o)
{
    if (!in->diags->errors)
        diag_add(in->diags, DIAG_C034, header(o), NULL, "no interface uses it");
}

static void check_required(struct conf_input *in, const struct conf_object *o,
                           const struct conf_row *row)
{
    if (!row->required || o->given[row - conf_rows].line)
        return;
    struct diag_place at = header(o);
    at.key = row->key;
    char limits[96], hint[128];
    conf_limits_text(row, limits, sizeof(limits));
    snprintf(hint, sizeof(hint), "write %s = %s%s", row->key,
             row->type == TYPE_REF    ? "NAME "
             : row->type == TYPE_PATH ? "/PATH"
                                      : "",
             limits);
    diag_add(in->diags, DIAG_C005, at, hint, "is missing");
}

static void check_map_file(struct conf_input *in, const struct conf_object *o,
                           const struct conf_setting *s)
{
    OWN(free) char *key = conf_key_with("map.*.file", s->name);
    struct diag_place at = {.file = s->origin.file,
                            .line = s->origin.line,
                            .column = 1,
                            .section = o->label,
                            .key = key};
    check_readable(in, at, s->text);
}

static void check_filter(struct conf_input *in, const struct conf_object *o)
{
    const struct conf_filter *f = &in->conf->filters[o->index];
    bool program = given(o, "program")->line, expr = given(o, "expr")->line;
    if (program && expr)
        diag_add(in->diags, DIAG_C032, header(o), "leave one of them", "has both program and expr");
    else if (!program && !expr)
        diag_add(in->diags, DIAG_C033, header(o), "write program = /PATH or expr = EXPRESSION",
                 "has neither program nor expr");
    if (f->program)
        check_readable(in, place(o, "program"), f->program);
    for (size_t i = 0; i < f->map_files.n; i++)
        check_map_file(in, o, &f->map_files.items[i]);

    for (size_t i = 0; i < in->conf->n_interfaces; i++) {
        const char *used = in->conf->interfaces[i].filter;
        if (used && strcmp(used, f->name) == 0)
            return;
    }
    unused(in, o);
}

/** "known: a, b", for a reference to what does not exist. */
static void known_names(const struct conf *conf, enum conf_section section, char *text, size_t size)
{
    size_t n = conf_object_count(conf, section);
    snprintf(text, size, n ? "known: " : "there is none");
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        const char *name =
            section == SECTION_FILTER ? conf->filters[i].name : conf->outputs[i].name;
        snprintf(text + at, size - at, "%s%s", i ? ", " : "", name);
    }
}

static void check_reference(struct conf_input *in, const struct conf_object *o, const char *key,
                            enum conf_section section, const char *name)
{
    char hint[256];
    bool known = section == SECTION_FILTER ? conf_find_filter(in->conf, name) != NULL
                                           : conf_find_output(in->conf, name) != NULL;
    if (known)
        return;
    known_names(in->conf, section, hint, sizeof(hint));
    diag_add(in->diags, DIAG_C030, place(o, key), hint, "no [%s %s] section",
             conf_section_word(section), name);
}

static void check_interface(struct conf_input *in, const struct conf_object *o)
{
    const struct conf_interface *iface = &in->conf->interfaces[o->index];
    if (iface->filter)
        check_reference(in, o, "filter", SECTION_FILTER, iface->filter);
    for (size_t i = 0; i < iface->n_outputs; i++)
        check_reference(in, o, "outputs", SECTION_OUTPUT, iface->outputs[i]);
    for (size_t i = 0; i < o->index; i++) {
        const struct conf_interface *other = &in->conf->interfaces[i];
        if (strcmp(iface->device, other->device) == 0)
            diag_add(in->diags, DIAG_C035, place(o, "device"), NULL,
                     "[interface %s] captures from %s already", other->name, iface->device);
    }
}

/** The default name follows the format, so that a pcap file is not called pcapng. */
static void name_after_format(const struct conf_object *o, struct conf_output *output)
{
    size_t len = strlen(output->pattern);
    if (output->format == FORMAT_PCAP && !given(o, "name")->line && len > 2 &&
        strcmp(output->pattern + len - 2, "ng") == 0)
        output->pattern[len - 2] = '\0';
}

static void check_output(struct conf_input *in, const struct conf_object *o)
{
    struct conf_output *output = &in->conf->outputs[o->index];
    bool file = output->type == OUTPUT_FILE;
    for (size_t i = 0; i < conf_n_rows && given(o, "type")->line; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (row->section != SECTION_OUTPUT_FILE)
            continue;
        if (file)
            check_required(in, o, row);
        else if (o->given[i].line)
            diag_add(in->diags, DIAG_C003, place(o, row->key), NULL,
                     "is a key of type = file only");
    }
    if (file) {
        name_after_format(o, output);
        check_pattern(in, o, output->pattern);
        check_same_names(in, o);
        if (output->dir)
            check_dir(in, o, output->dir);
    }
    for (size_t i = 0; i < in->conf->n_interfaces; i++)
        for (size_t k = 0; k < in->conf->interfaces[i].n_outputs; k++)
            if (strcmp(in->conf->interfaces[i].outputs[k], output->name) == 0)
                return;
    unused(in, o);
}

/** A group that was asked for must exist; the default one may be missing on a machine for tests. */
static void check_group(struct conf_input *in)
{
    struct conf *conf = in->conf;
    if (!conf->socket || !conf->socket_group || getgrnam(conf->socket_group))
        return;
    for (size_t i = 0; i < in->n_objects; i++) {
        const struct conf_object *o = &in->objects[i];
        if (o->section == SECTION_CONTROL && given(o, "group")->line) {
            diag_add(in->diags, DIAG_C070, place(o, "group"), NULL, "no group \"%s\"",
                     conf->socket_group);
            return;
        }
    }
    diag_add(in->diags, DIAG_C072,
             (struct diag_place){.file = conf->path, .section = "control", .key = "group"}, NULL,
             "no group \"%s\": the socket has the group of this process", conf->socket_group);
    free(conf->socket_group);
    conf->socket_group = NULL;
}

void conf_check(struct conf_input *in)
{
    for (size_t i = 0; i < in->n_objects; i++) {
        const struct conf_object *o = &in->objects[i];
        for (size_t k = 0; k < conf_n_rows; k++)
            if (conf_rows[k].section == o->section)
                check_required(in, o, &conf_rows[k]);
        if (o->section == SECTION_INTERFACE)
            check_interface(in, o);
    }
    for (size_t i = 0; i < in->n_objects; i++) {
        const struct conf_object *o = &in->objects[i];
        if (o->section == SECTION_FILTER)
            check_filter(in, o);
        else if (o->section == SECTION_OUTPUT)
            check_output(in, o);
    }
    check_group(in);
}
