/* SPDX-License-Identifier: MIT */
#include "daemon/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/own.h"
#include "daemon/conf_parts.h"

OWN_BY(conf, struct conf, conf_free)

/* ---- objects */

/** Free what the rows of this kind of section own. */
static void fini_fields(enum conf_section section, void *base)
{
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_row_in(&conf_rows[i], section))
            conf_value_fini(&conf_rows[i], base);
}

static int set_defaults(enum conf_section section, void *base)
{
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_row_in(&conf_rows[i], section) && conf_value_reset(&conf_rows[i], base) < 0)
            return -ENOMEM;
    return 0;
}

struct conf *conf_new(void)
{
    OWN(conf) struct conf *conf = calloc(1, sizeof(*conf));
    if (!conf || !(conf->set = calloc(conf_n_rows, sizeof(*conf->set))))
        return NULL;
    for (int s = SECTION_WINNOWD; s <= SECTION_LOG; s++)
        if (set_defaults((enum conf_section)s, conf) < 0)
            return NULL;
    free(conf->socket);
    free(conf->socket_group);
    conf->socket = conf->socket_group = NULL;
    return give(conf);
}

struct conf_filter *conf_add_filter(struct conf *conf, const char *name)
{
    void *items = reallocarray(conf->filters, conf->n_filters + 1, sizeof(*conf->filters));
    if (!items)
        return NULL;
    conf->filters = items;
    struct conf_filter *filter = &conf->filters[conf->n_filters];
    *filter = (struct conf_filter){.name = strdup(name)};
    if (!filter->name || set_defaults(SECTION_FILTER, filter) < 0) {
        fini_fields(SECTION_FILTER, filter);
        free(filter->name);
        return NULL;
    }
    conf->n_filters++;
    return filter;
}

struct conf_interface *conf_add_interface(struct conf *conf, const char *name)
{
    void *items = reallocarray(conf->interfaces, conf->n_interfaces + 1, sizeof(*conf->interfaces));
    if (!items)
        return NULL;
    conf->interfaces = items;
    struct conf_interface *iface = &conf->interfaces[conf->n_interfaces];
    *iface = (struct conf_interface){.name = strdup(name)};
    if (!iface->name || set_defaults(SECTION_INTERFACE, iface) < 0 ||
        !(iface->device = strdup(name))) {
        fini_fields(SECTION_INTERFACE, iface);
        free(iface->name);
        return NULL;
    }
    conf->n_interfaces++;
    return iface;
}

struct conf_output *conf_add_output(struct conf *conf, const char *name)
{
    void *items = reallocarray(conf->outputs, conf->n_outputs + 1, sizeof(*conf->outputs));
    if (!items)
        return NULL;
    conf->outputs = items;
    struct conf_output *output = &conf->outputs[conf->n_outputs];
    *output = (struct conf_output){.name = strdup(name)};
    if (!output->name || set_defaults(SECTION_OUTPUT, output) < 0) {
        fini_fields(SECTION_OUTPUT, output);
        free(output->name);
        return NULL;
    }
    conf->n_outputs++;
    return output;
}

const struct conf_filter *conf_find_filter(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_filters; i++)
        if (strcmp(conf->filters[i].name, name) == 0)
            return &conf->filters[i];
    return NULL;
}

const struct conf_output *conf_find_output(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_outputs; i++)
        if (strcmp(conf->outputs[i].name, name) == 0)
            return &conf->outputs[i];
    return NULL;
}

int conf_filter_copy(const struct conf_filter *filter, struct conf_filter *out)
{
    struct conf_filter copy = {.name = strdup(filter->name)};
    int rc = copy.name ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < conf_n_rows; i++)
        if (conf_rows[i].section == SECTION_FILTER)
            rc = conf_value_copy(&conf_rows[i], filter, &copy);
    if (rc < 0)
        conf_filter_fini(&copy);
    else
        *out = copy;
    return rc;
}

void conf_filter_fini(struct conf_filter *filter)
{
    fini_fields(SECTION_FILTER, filter);
    free(filter->name);
}

bool conf_filter_equal(const struct conf_filter *a, const struct conf_filter *b)
{
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_rows[i].section == SECTION_FILTER && !conf_value_equal(&conf_rows[i], a, b))
            return false;
    return strcmp(a->name, b->name) == 0;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->n_filters; i++)
        conf_filter_fini(&conf->filters[i]);
    for (size_t i = 0; i < conf->n_interfaces; i++) {
        fini_fields(SECTION_INTERFACE, &conf->interfaces[i]);
        free(conf->interfaces[i].name);
    }
    for (size_t i = 0; i < conf->n_outputs; i++) {
        fini_fields(SECTION_OUTPUT, &conf->outputs[i]);
        free(conf->outputs[i].name);
    }
    for (int s = SECTION_WINNOWD; s <= SECTION_LOG; s++)
        fini_fields((enum conf_section)s, conf);
    for (size_t i = 0; i < conf->n_files; i++)
        free(conf->files[i]);
    free(conf->files);
    free(conf->filters);
    free(conf->interfaces);
    free(conf->outputs);
    free(conf->set);
    free(conf->path);
    free(conf);
}

/* ---- loading */

/** As apply(), of a key with a name in it: it is that name's. */
static int apply_setting(struct conf_input *in, const struct conf_entry *e, struct diag_place at)
{
    const struct conf_object *o = &in->objects[e->object];
    void *base = conf_object_at(in->conf, o->section, o->index);
    size_t len;
    OWN(free) char *name = NULL;
    const char *from = conf_key_name(e->row->key, e->key, &len);
    if (!(name = strndup(from, len)))
        return -ENOMEM;
    const struct conf_setting *first = conf_setting_find(conf_settings_of(e->row, base), name);
    if (first && first->origin.file == e->origin.file) {
        diag_add(in->diags, DIAG_C004, at, NULL, "given twice, first on line %u",
                 first->origin.line);
        return 0;
    }
    int rc = conf_setting_parse(e->row, name, e->text, e->origin, base, at, in->diags);
    return rc == -ENOMEM ? rc : 0;
}

/** A scalar counts once a file; a later file overrides it, and adds to lists. */
static int apply(struct conf_input *in, const struct conf_entry *e)
{
    struct conf_object *o = &in->objects[e->object];
    size_t row = (size_t)(e->row - conf_rows);
    struct diag_place at = {.file = e->origin.file,
                            .line = e->origin.line,
                            .column = e->column,
                            .section = o->label,
                            .key = e->key};
    if (conf_row_many(e->row))
        return apply_setting(in, e, at);
    const struct conf_origin *first = &o->given[row];
    if (first->line && first->file == e->origin.file && !conf_is_list(e->row)) {
        diag_add(in->diags, DIAG_C004, at, NULL, "given twice, first on line %u", first->line);
        return 0;
    }
    o->given[row] = e->origin;
    if (!o->name)
        in->conf->set[row] = e->origin;
    o->column[row] = e->column;
    void *base = conf_object_at(in->conf, o->section, o->index);
    return conf_value_parse(e->row, e->text, base, at, in->diags) == -ENOMEM ? -ENOMEM : 0;
}

static int load(struct conf_input *in, const char *path)
{
    in->conf->path = strdup(path);
    if (!in->conf->path || set_defaults(SECTION_CONTROL, in->conf) < 0)
        return -ENOMEM;
    conf_files_read(in, path);
    for (size_t i = 0; i < in->conf->n_files && !in->no_memory; i++)
        conf_file_parse(in, &in->files[i]);
    for (size_t i = 0; i < in->n_entries && !in->no_memory; i++)
        if (apply(in, &in->entries[i]) < 0)
            return -ENOMEM;
    if (in->no_memory)
        return -ENOMEM;
    conf_check(in);
    return in->no_memory ? -ENOMEM : 0;
}

/** A diagnostic and where it belongs: the file's number, the line, the order of finding. */
struct sorted {
    struct diag diag;
    size_t file, found;
};

static size_t file_number(const struct conf *conf, const char *file)
{
    size_t i = 0;
    while (i < conf->n_files && (!file || strcmp(conf->files[i], file) != 0))
        i++;
    return i;
}

static int by_place(const void *x, const void *y)
{
    const struct sorted *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->diag.line != b->diag.line)
        return a->diag.line < b->diag.line ? -1 : 1;
    return a->found < b->found ? -1 : 1;
}

/** Order what was found in this run as a reader goes through the files. */
static void sort_diags(const struct conf *conf, struct diag_list *diags, size_t first)
{
    size_t n = diags->count - first;
    OWN(free) struct sorted *sorted = n > 1 ? calloc(n, sizeof(*sorted)) : NULL;
    if (!sorted)
        return; /* without memory in the order of finding */
    for (size_t i = 0; i < n; i++) {
        const struct diag *d = &diags->items[first + i];
        sorted[i] = (struct sorted){.diag = *d, .file = file_number(conf, d->file), .found = i};
    }
    qsort(sorted, n, sizeof(*sorted), by_place);
    for (size_t i = 0; i < n; i++)
        diags->items[first + i] = sorted[i].diag;
}

int conf_load(const char *path, conf_more_fn more, struct conf **out, struct diag_list *diags)
{
    size_t before = diags->errors, first = diags->count;
    OWN(conf) struct conf *conf = conf_new();
    if (!conf)
        return -ENOMEM;
    struct conf_input in = {.conf = conf, .diags = diags};
    int ret = load(&in, path);
    if (ret == 0 && more && diags->errors > before)
        more(conf, diags);
    sort_diags(conf, diags, first);
    for (size_t i = 0; in.files && i < conf->n_files; i++)
        free(in.files[i].bytes);
    for (size_t i = 0; i < in.n_entries; i++) {
        free(in.entries[i].key);
        free(in.entries[i].text);
    }
    free(in.files);
    free(in.objects);
    free(in.entries);
    if (ret < 0)
        return ret;
    if (diags->errors > before)
        return -EINVAL;
    *out = give(conf);
    return 0;
}

void conf_check_restart(const struct conf *running, const struct conf *next,
                        struct diag_list *diags)
{
    for (size_t i = 0; i < conf_n_rows; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (row->reload != RELOAD_X || conf_section_named(row->section) ||
            conf_value_equal(row, running, next))
            continue;
        const struct conf_origin *set = &next->set[i];
        struct diag_place at = {.file = set->line ? set->file : next->path,
                                .line = set->line,
                                .column = set->line ? 1 : 0, /* indented lines are no keys */
                                .section = conf_section_word(row->section),
                                .key = row->key};
        diag_add(diags, DIAG_C090, at, "systemctl restart winnowd",
                 "cannot be changed while running");
    }
}
