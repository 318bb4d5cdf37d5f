/* SPDX-License-Identifier: MIT */
#include "daemon/conf_parts.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#define MILLI  UINT64_C(1000000)
#define SECOND (1000 * MILLI)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    UINT64_C(1024)
#define GIB    (KIB * KIB * KIB)
#define TIB    (KIB * GIB)

/* Columns of conf.def. REQUIRED is two members at once: without a default, and missed if absent. */
#define ANY                                                                                        \
    {                                                                                              \
        .max = 0                                                                                   \
    }
#define RANGE(lo, hi)                                                                              \
    {                                                                                              \
        .min = lo, .max = hi                                                                       \
    }
#define CHOICES(...)                                                                               \
    {                                                                                              \
        .choices = (const char *const[])                                                           \
        {                                                                                          \
            __VA_ARGS__, NULL                                                                      \
        }                                                                                          \
    }
#define OR_NONE                                                                                    \
    {                                                                                              \
        .or_none = true                                                                            \
    }
#define UNSET    NULL
#define REQUIRED NULL, .required = true

#define STRUCT_WINNOWD     struct conf
#define STRUCT_CONTROL     struct conf
#define STRUCT_LOG         struct conf
#define STRUCT_FILTER      struct conf_filter
#define STRUCT_INTERFACE   struct conf_interface
#define STRUCT_OUTPUT      struct conf_output
#define STRUCT_OUTPUT_FILE struct conf_output

const struct conf_row conf_rows[] = {
#define K(section_, key_, type_, field, limits_, default_, class_, meaning_)                       \
    {.section = SECTION_##section_,                                                                \
     .key = #key_,                                                                                 \
     .type = TYPE_##type_,                                                                         \
     .offset = offsetof(STRUCT_##section_, field),                                                 \
     .size = sizeof(((STRUCT_##section_ *)0)->field),                                              \
     .limits = limits_,                                                                            \
     .reload = RELOAD_##class_,                                                                    \
     .meaning = meaning_,                                                                          \
     .fallback = default_},
#define LATER(section, key)
#include "daemon/conf.def"
#undef K
#undef LATER
};

const size_t conf_n_rows = sizeof(conf_rows) / sizeof(conf_rows[0]);
static_assert(sizeof(conf_rows) / sizeof(conf_rows[0]) <= CONF_ROWS_MAX, "widen conf_object");

static const struct {
    const char *section, *key;
} later[] = {
#define K(...)
#define LATER(section, key) {section, key},
#include "daemon/conf.def"
#undef K
#undef LATER
};

static const struct {
    const char *word;
    bool named;
} sections[] = {
    [SECTION_WINNOWD] = {"winnowd", false},
    [SECTION_CONTROL] = {"control", false},
    [SECTION_LOG] = {"log", false},
    [SECTION_FILTER] = {"filter", true},
    [SECTION_INTERFACE] = {"interface", true},
    [SECTION_OUTPUT] = {"output", true},
    [SECTION_OUTPUT_FILE] = {"output", true},
};

const char *conf_section_word(enum conf_section section)
{
    return sections[section].word;
}

bool conf_section_named(enum conf_section section)
{
    return sections[section].named;
}

bool conf_section_find(const char *word, enum conf_section *out)
{
    for (int s = 0; s < SECTION_OUTPUT_FILE; s++) {
        if (strcmp(sections[s].word, word) == 0) {
            *out = (enum conf_section)s;
            return true;
        }
    }
    return false;
}

bool conf_row_in(const struct conf_row *row, enum conf_section section)
{
    return row->section == section ||
           (section == SECTION_OUTPUT && row->section == SECTION_OUTPUT_FILE);
}

const struct conf_row *conf_row_find(enum conf_section section, const char *key)
{
    size_t len;
    for (size_t i = 0; i < conf_n_rows; i++)
        if (conf_row_in(&conf_rows[i], section) && conf_key_name(conf_rows[i].key, key, &len))
            return &conf_rows[i];
    return NULL;
}

bool conf_row_many(const struct conf_row *row)
{
    return strchr(row->key, '*') != NULL;
}

const char *conf_key_name(const char *pattern, const char *key, size_t *len)
{
    const char *star = strchr(pattern, '*');
    if (!star) {
        *len = strlen(key);
        return strcmp(pattern, key) == 0 ? key : NULL;
    }
    size_t before = (size_t)(star - pattern), after = strlen(star + 1), all = strlen(key);
    if (all <= before + after || strncmp(pattern, key, before) != 0 ||
        strcmp(star + 1, key + all - after) != 0)
        return NULL;
    *len = all - before - after;
    return key + before;
}

char *conf_key_with(const char *pattern, const char *name)
{
    char *key;
    const char *star = strchr(pattern, '*');
    int before = star ? (int)(star - pattern) : (int)strlen(pattern);
    int n = asprintf(&key, "%.*s%s%s", before, pattern, star ? name : "", star ? star + 1 : "");
    return n < 0 ? NULL : key;
}

bool conf_is_later(const char *word, const char *key)
{
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        size_t len;
        if (strcmp(later[i].section, word) == 0 && conf_key_name(later[i].key, key, &len))
            return true;
    }
    return false;
}

bool conf_name_ok(const char *name)
{
    size_t len = strlen(name);
    if (!len || len > CONF_NAME_MAX || !isalnum((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
            return false;
    return true;
}

void *conf_object_at(const struct conf *conf, enum conf_section section, size_t i)
{
    switch (section) {
    case SECTION_WINNOWD:
    case SECTION_CONTROL:
    case SECTION_LOG: return (void *)(uintptr_t)conf; /* as strchr(3) does */
    case SECTION_FILTER: return &conf->filters[i];
    case SECTION_INTERFACE: return &conf->interfaces[i];
    case SECTION_OUTPUT:
    case SECTION_OUTPUT_FILE: return &conf->outputs[i];
    }
    return NULL;
}

size_t conf_object_count(const struct conf *conf, enum conf_section section)
{
    switch (section) {
    case SECTION_WINNOWD:
    case SECTION_CONTROL:
    case SECTION_LOG: return 1;
    case SECTION_FILTER: return conf->n_filters;
    case SECTION_INTERFACE: return conf->n_interfaces;
    case SECTION_OUTPUT:
    case SECTION_OUTPUT_FILE: return conf->n_outputs;
    }
    return 0;
}
