/* SPDX-License-Identifier: MIT */
/* Values as one would write them: the other direction of conf_types.c. */
#include "daemon/conf_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const void *field(const struct conf_row *row, const void *base)
{
    return (const char *)base + row->offset;
}

static uint64_t load(const struct conf_row *row, const void *base)
{
    uint64_t wide;
    uint32_t narrow;
    if (row->size == sizeof(wide)) {
        memcpy(&wide, field(row, base), sizeof(wide));
        return wide;
    }
    memcpy(&narrow, field(row, base), sizeof(narrow));
    return narrow;
}

static void size_text(uint64_t n, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    while (n && n % 1024 == 0 && u + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1024;
        u++;
    }
    snprintf(text, size, "%" PRIu64 "%s", n, n ? units[u] : "");
}

static void duration_text(uint64_t n, char *text, size_t size)
{
    static const struct {
        const char *name;
        unsigned next; /* of these make the next larger unit */
    } units[] = {{"ns", 1000}, {"us", 1000}, {"ms", 1000}, {"s", 60},
                 {"m", 60},    {"h", 24},    {"d", 1}};
    size_t u = 0;
    while (n && units[u].next > 1 && n % units[u].next == 0)
        n /= units[u++].next;
    snprintf(text, size, "%" PRIu64 "%s", n, n ? units[u].name : "");
}

static void number_text(const struct conf_row *row, uint64_t n, char *text, size_t size)
{
    switch (row->type) {
    case TYPE_SIZE: size_text(n, text, size); break;
    case TYPE_DURATION: duration_text(n, text, size); break;
    case TYPE_MODE: snprintf(text, size, "%04" PRIo64, n); break;
    default: snprintf(text, size, "%" PRIu64, n); break;
    }
}

static char *names_text(char *const *names, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += strlen(names[i]) + 1;
    char *text = n ? malloc(size) : NULL;
    char *p = text;
    for (size_t i = 0; text && i < n; i++)
        p += sprintf(p, "%s%s", i ? " " : "", names[i]);
    return text;
}

char *conf_value_text(const struct conf_row *row, const void *base)
{
    char text[64];
    char *string = NULL;
    if (conf_row_many(row))
        return conf_settings_text(conf_settings_in(row, base));
    switch (row->type) {
    case TYPE_BOOL: return strdup(*(const bool *)field(row, base) ? "yes" : "no");
    case TYPE_ENUM: return strdup(row->limits.choices[load(row, base)]);
    case TYPE_PATH:
    case TYPE_WORD:
    case TYPE_PATTERN:
    case TYPE_TEXT:
    case TYPE_REF:
        memcpy(&string, field(row, base), sizeof(string));
        if (!string)
            return row->limits.or_none ? strdup("none") : NULL;
        return strdup(string);
    case TYPE_REFS: {
        size_t n;
        char *const *items = conf_list_get(row, base, &n);
        return names_text(items, n);
    }
    case TYPE_SPACE: {
        const struct conf_output *output = base;
        if (output->min_free_percent)
            snprintf(text, sizeof(text), "%u%%", output->min_free_percent);
        else
            size_text(output->min_free, text, sizeof(text));
        return strdup(text);
    }
    case TYPE_UINT:
    case TYPE_SIZE:
    case TYPE_DURATION:
    case TYPE_MODE: number_text(row, load(row, base), text, sizeof(text)); return strdup(text);
    }
    return NULL;
}

bool conf_value_equal(const struct conf_row *row, const void *a, const void *b)
{
    char *x = conf_value_text(row, a), *y = conf_value_text(row, b);
    bool equal = x && y ? strcmp(x, y) == 0 : x == y;
    free(x);
    free(y);
    return equal;
}

void conf_limits_text(const struct conf_row *row, char *text, size_t size)
{
    const struct conf_limits *l = &row->limits;
    text[0] = '\0';
    if (l->choices) {
        for (size_t i = 0; l->choices[i]; i++) {
            size_t at = strlen(text);
            snprintf(text + at, size - at, "%s%s", i ? ", " : "", l->choices[i]);
        }
    } else if (l->or_none) {
        snprintf(text, size, "or none");
    } else if (row->type == TYPE_SPACE) {
        snprintf(text, size, "0%% to 99%%, or a size");
    } else if (row->type == TYPE_WORD && l->max) {
        snprintf(text, size, "%" PRIu64 " to %" PRIu64 " bytes", l->min, l->max);
    } else if (l->max) {
        char min[32], max[32];
        number_text(row, l->min, min, sizeof(min));
        number_text(row, l->max, max, sizeof(max));
        snprintf(text, size, "%s to %s", min, max);
    }
}

const char *conf_type_name(const struct conf_row *row)
{
    switch (row->type) {
    case TYPE_BOOL: return "yes or no";
    case TYPE_UINT: return "number";
    case TYPE_SIZE: return "size";
    case TYPE_DURATION: return "duration";
    case TYPE_SPACE: return "percentage or size";
    case TYPE_ENUM: return "choice";
    case TYPE_MODE: return "mode";
    case TYPE_PATH: return "path";
    case TYPE_WORD: return "word";
    case TYPE_PATTERN: return "pattern";
    case TYPE_TEXT: return "text";
    case TYPE_REF: return "name";
    case TYPE_REFS: return "names";
    }
    return "";
}
