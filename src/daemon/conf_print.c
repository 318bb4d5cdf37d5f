/* SPDX-License-Identifier: MIT */
#include "daemon/conf_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/own.h"

OWN_BY(conf, struct conf, conf_free)

static const char *const reload_names[] = {
    [RELOAD_L] = "live", [RELOAD_R] = "rebind", [RELOAD_X] = "restart"};

/* ---- the configuration's own syntax */

/** Length of the longest start of text that fits and ends before a lone blank; all if none does. */
static size_t fold_at(const char *text, size_t room)
{
    size_t len = strlen(text), best = len;
    if (len <= room)
        return len;
    for (size_t i = 1; i + 1 < len; i++) {
        bool lone = text[i] == ' ' && !strchr(" \t", text[i - 1]) && !strchr(" \t", text[i + 1]);
        if (!lone)
            continue;
        if (i > room)
            return best < len ? best : i;
        best = i;
    }
    return best;
}

/** One key; what is too long for a line goes on in the next ones, as it must have been read. */
static void print_key(const char *prefix, const char *key, const char *text, FILE *to)
{
    size_t head = strlen(prefix) + strlen(key) + 3;
    if (head + strlen(text) <= CONF_LINE_MAX) {
        fprintf(to, "%s%s =%s%s\n", prefix, key, *text ? " " : "", text);
        return;
    }
    if (head - 2 + strlen(text) <= CONF_LINE_MAX) {
        fprintf(to, "%s%s=%s\n", prefix, key, text);
        return;
    }
    fprintf(to, "%s%s =\n", prefix, key);
    while (*text) {
        size_t len = fold_at(text, CONF_LINE_MAX - 8);
        fprintf(to, "%s %.*s\n", prefix, (int)len, text);
        text += len;
        text += *text == ' ';
    }
}

/** Is the row one of the object's, as it is? */
static bool applies(const struct conf_row *row, enum conf_section section, const void *base)
{
    if (section == SECTION_OUTPUT && row->section == SECTION_OUTPUT_FILE)
        return ((const struct conf_output *)base)->type == OUTPUT_FILE;
    return row->section == section;
}

static void print_settings(const struct conf_row *row, const void *base, FILE *to)
{
    const struct conf_settings *settings = conf_settings_in(row, base);
    for (size_t i = 0; i < settings->n; i++) {
        OWN(free) char *key = conf_key_with(row->key, settings->items[i].name);
        if (key)
            print_key("", key, settings->items[i].text, to);
    }
}

static void print_object(enum conf_section section, const char *name, const void *base,
                         bool defaults, FILE *to)
{
    const char *prefix = defaults && name ? "#" : "";
    fprintf(to, "%s[%s%s%s]\n", prefix, conf_section_word(section), name ? " " : "",
            name ? name : "");
    for (size_t i = 0; i < conf_n_rows; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (!applies(row, section, base))
            continue;
        if (conf_row_many(row) && !defaults) {
            print_settings(row, base, to);
            continue;
        }
        OWN(free) char *text = conf_value_text(row, base);
        if (defaults && !row->fallback)
            fprintf(to, "#%s =%s\n", row->key, row->required ? "  ; required" : "");
        else if (text)
            print_key(prefix, row->key, text, to);
    }
    fputc('\n', to);
}

static const char *object_name(const struct conf *conf, enum conf_section section, size_t i)
{
    switch (section) {
    case SECTION_FILTER: return conf->filters[i].name;
    case SECTION_INTERFACE: return conf->interfaces[i].name;
    case SECTION_OUTPUT: return conf->outputs[i].name;
    default: return NULL;
    }
}

static void print_text(const struct conf *conf, bool defaults, FILE *to)
{
    for (int s = SECTION_WINNOWD; s < SECTION_OUTPUT_FILE; s++) {
        enum conf_section section = (enum conf_section)s;
        for (size_t i = 0; i < conf_object_count(conf, section); i++)
            print_object(section, object_name(conf, section, i), conf_object_at(conf, section, i),
                         defaults, to);
    }
}

static void print_schema(FILE *to)
{
    enum conf_section section = SECTION_OUTPUT_FILE;
    for (size_t i = 0; i < conf_n_rows; i++) {
        const struct conf_row *row = &conf_rows[i];
        char limits[96];
        if (i == 0 || row->section != section) {
            section = row->section;
            fprintf(to, "%s[%s%s]%s\n", i ? "\n" : "", conf_section_word(section),
                    conf_section_named(section) ? " NAME" : "",
                    section == SECTION_OUTPUT_FILE ? "  ; type = file" : "");
        }
        conf_limits_text(row, limits, sizeof(limits));
        fprintf(to, "%s\n    %s%s%s; %s; change: %s\n    %s\n", row->key, conf_type_name(row),
                limits[0] ? ", " : "", limits,
                row->required   ? "required"
                : row->fallback ? row->fallback
                                : "no default",
                reload_names[row->reload], row->meaning);
    }
}

/* ---- JSON (RFC 8259) */

static void json_string(const char *text, FILE *to)
{
    if (!text) {
        fputs("null", to);
        return;
    }
    fputc('"', to);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            fprintf(to, "\\u%04x", c);
        else
            fprintf(to, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    fputc('"', to);
}

static void json_names(char *const *names, size_t n, FILE *to)
{
    fputc('[', to);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "," : "", to);
        json_string(names[i], to);
    }
    fputc(']', to);
}

/** An object with a member for each name. */
static void json_settings(const struct conf_row *row, const void *base, FILE *to)
{
    const struct conf_settings *settings = conf_settings_in(row, base);
    fputc('{', to);
    for (size_t i = 0; i < settings->n; i++) {
        const struct conf_setting *s = &settings->items[i];
        fputs(i ? "," : "", to);
        json_string(s->name, to);
        fputc(':', to);
        if (row->type == TYPE_BOOL)
            fputs(s->number ? "true" : "false", to);
        else if (row->type == TYPE_UINT)
            fprintf(to, "%" PRIu64, s->number);
        else
            json_string(s->text, to);
    }
    fputc('}', to);
}

/** Numbers in bytes and nanoseconds; null where nothing is set. */
static void json_value(const struct conf_row *row, const void *base, FILE *to)
{
    OWN(free) char *text = conf_value_text(row, base);
    const void *field = (const char *)base + row->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;
    switch (row->type) {
    case TYPE_BOOL: fputs(*(const bool *)field ? "true" : "false", to); break;
    case TYPE_UINT:
    case TYPE_SIZE:
    case TYPE_DURATION:
        if (row->size == sizeof(wide))
            memcpy(&wide, field, sizeof(wide));
        else
            memcpy(&narrow, field, sizeof(narrow));
        fprintf(to, "%" PRIu64, wide + narrow);
        break;
    case TYPE_REFS: {
        size_t n;
        char *const *items = conf_list_get(row, base, &n);
        json_names(items, n, to);
        break;
    }
    default: {
        bool none = row->limits.or_none && text && strcmp(text, "none") == 0;
        json_string(none ? NULL : text, to);
    }
    }
}

static void json_object(enum conf_section section, const void *base, FILE *to)
{
    const char *comma = "";
    fputc('{', to);
    for (size_t i = 0; i < conf_n_rows; i++) {
        if (!applies(&conf_rows[i], section, base))
            continue;
        fputs(comma, to);
        json_string(conf_rows[i].key, to);
        fputc(':', to);
        if (conf_row_many(&conf_rows[i]))
            json_settings(&conf_rows[i], base, to);
        else
            json_value(&conf_rows[i], base, to);
        comma = ",";
    }
    fputc('}', to);
}

static void json_conf(const struct conf *conf, FILE *to)
{
    fputs("{\"config_id\":", to);
    json_string(conf->id[0] ? conf->id : NULL, to);
    fputs(",\"files\":", to);
    json_names(conf->files, conf->n_files, to);
    for (int s = SECTION_WINNOWD; s < SECTION_OUTPUT_FILE; s++) {
        enum conf_section section = (enum conf_section)s;
        bool named = conf_section_named(section);
        fprintf(to, ",\"%s\":%s", conf_section_word(section), named ? "{" : "");
        for (size_t i = 0; i < conf_object_count(conf, section); i++) {
            if (named) {
                fputs(i ? "," : "", to);
                json_string(object_name(conf, section, i), to);
                fputc(':', to);
            }
            json_object(section, conf_object_at(conf, section, i), to);
        }
        fputs(named ? "}" : "", to);
    }
    fputs("}\n", to);
}

static void json_row(const struct conf_row *row, FILE *to)
{
    const struct conf_limits *l = &row->limits;
    fprintf(to, "{\"section\":\"%s\",\"key\":\"%s\",\"type\":\"%s\",\"min\":",
            conf_section_word(row->section), row->key, conf_type_name(row));
    if (l->max)
        fprintf(to, "%" PRIu64 ",\"max\":%" PRIu64, l->min, l->max);
    else
        fputs("null,\"max\":null", to);
    fputs(",\"choices\":", to);
    if (l->choices) {
        for (size_t i = 0; l->choices[i]; i++)
            fprintf(to, "%c\"%s\"", i ? ',' : '[', l->choices[i]);
        fputc(']', to);
    } else {
        fputs("null", to);
    }
    fprintf(to, ",\"none\":%s,\"file_only\":%s,\"required\":%s,\"default\":",
            l->or_none ? "true" : "false", row->section == SECTION_OUTPUT_FILE ? "true" : "false",
            row->required ? "true" : "false");
    json_string(row->fallback, to);
    fprintf(to, ",\"change\":\"%s\",\"meaning\":", reload_names[row->reload]);
    json_string(row->meaning, to);
    fputc('}', to);
}

static void json_schema(FILE *to)
{
    fputs("{\"keys\":[", to);
    for (size_t i = 0; i < conf_n_rows; i++) {
        fputs(i ? ",\n" : "\n", to);
        json_row(&conf_rows[i], to);
    }
    fputs("\n]}\n", to);
}

/* ---- all of it */

/** One object of each kind, with its defaults. */
static struct conf *specimen(void)
{
    OWN(conf) struct conf *conf = conf_new();
    if (!conf || !conf_add_filter(conf, "NAME") || !conf_add_interface(conf, "NAME") ||
        !conf_add_output(conf, "NAME"))
        return NULL;
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_rows[i].section == SECTION_CONTROL && conf_value_reset(&conf_rows[i], conf) < 0)
            return NULL;
    return give(conf);
}

void conf_print(const struct conf *conf, enum conf_print_what what, bool json, FILE *to)
{
    if (what == CONF_PRINT_SCHEMA) {
        if (json)
            json_schema(to);
        else
            print_schema(to);
        return;
    }
    OWN(conf) struct conf *defaults = what == CONF_PRINT_DEFAULTS ? specimen() : NULL;
    const struct conf *shown = what == CONF_PRINT_DEFAULTS ? defaults : conf;
    if (!shown)
        return;
    if (json)
        json_conf(shown, to);
    else
        print_text(shown, what == CONF_PRINT_DEFAULTS, to);
}
