/* SPDX-License-Identifier: MIT */
#include "daemon/conf_parts.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/own.h"

/** What is being parsed, and where complaints go. */
struct value {
    const struct conf_row *row;
    const char *text;
    struct diag_place at;
    struct diag_list *diags;
};

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: printing takes the first that divides. Decimal units are read, never printed. */
static const struct unit size_units[] = {
    {"TiB", UINT64_C(1) << 40},
    {"GiB", UINT64_C(1) << 30},
    {"MiB", UINT64_C(1) << 20},
    {"KiB", UINT64_C(1) << 10},
    {"B", 1},
    {"kB", UINT64_C(1000)},
    {"MB", UINT64_C(1000000)},
    {"GB", UINT64_C(1000000000)},
    {"TB", UINT64_C(1000000000000)},
    {NULL, 0},
};
static const struct unit duration_units[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"m", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},
    {"ms", UINT64_C(1000000)},
    {"us", UINT64_C(1000)},
    {"ns", 1},
    {NULL, 0},
};

static const char *size_hint = "write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB";
static const char *duration_hint = "write a number and ns, us, ms, s, m, h or d";

static void *field(const struct conf_row *row, void *base)
{
    return (char *)base + row->offset;
}

static const void *const_field(const struct conf_row *row, const void *base)
{
    return (const char *)base + row->offset;
}

static void store(const struct conf_row *row, void *base, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;
    if (row->size == sizeof(value))
        memcpy(field(row, base), &value, sizeof(value));
    else
        memcpy(field(row, base), &narrow, sizeof(narrow));
}

static char *load_text(const struct conf_row *row, const void *base)
{
    char *text;
    memcpy(&text, const_field(row, base), sizeof(text));
    return text;
}

static int store_text(const struct conf_row *row, void *base, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return -ENOMEM;
    free(load_text(row, base));
    memcpy(field(row, base), &copy, sizeof(copy));
    return 0;
}

/** The two fields of a list lie side by side, as in `char **outputs; size_t n_outputs`. */
struct list {
    char **items;
    size_t n;
};

static struct list load_list(const struct conf_row *row, const void *base)
{
    struct list list;
    memcpy(&list, const_field(row, base), sizeof(list));
    return list;
}

static void store_list(const struct conf_row *row, void *base, struct list list)
{
    memcpy(field(row, base), &list, sizeof(list));
}

/* ---- numbers */

static const struct unit *find_unit(const struct unit *units, const char *name, size_t len)
{
    for (const struct unit *u = units; u->name; u++)
        if (strlen(u->name) == len && strncmp(u->name, name, len) == 0)
            return u;
    return NULL;
}

static int out_of_range(const struct value *v)
{
    char limits[96];
    conf_limits_text(v->row, limits, sizeof(limits));
    diag_add(v->diags, DIAG_C013, v->at, NULL, "\"%s\" is out of range: %s", v->text, limits);
    return -EINVAL;
}

/** Read digits; false if there are none. More than fits becomes UINT64_MAX. */
static bool digits(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t n = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            n = UINT64_MAX;
    }
    if (p == *text)
        return false;
    *text = p;
    *out = n;
    return true;
}

static int not_a_number(const struct value *v)
{
    diag_add(v->diags, DIAG_C011, v->at, NULL, "\"%s\" is not a whole number", v->text);
    return -EINVAL;
}

static int parse_plain(const struct value *v, uint64_t *out)
{
    const char *p = v->text;
    if (!digits(&p, out) || *p)
        return not_a_number(v);
    return 0;
}

static int no_unit(const struct value *v, const char *number, const struct unit *units)
{
    char hint[160];
    if (units == size_units)
        snprintf(hint, sizeof(hint), "write %sMiB or %sMB", number, number);
    else
        snprintf(hint, sizeof(hint), "write %ss or %sms", number, number);
    diag_add(v->diags, DIAG_C012, v->at, hint, "\"%s\" has no unit", v->text);
    return -EINVAL;
}

/** Numbers with units, added up: 1h30m. A bare 0 needs none. */
static int parse_units(const struct value *v, const struct unit *units, uint64_t *out)
{
    const char *p = v->text;
    uint64_t sum = 0;
    if (strcmp(p, "0") == 0) {
        *out = 0;
        return 0;
    }
    do {
        const char *number = p;
        uint64_t n;
        if (!digits(&p, &n))
            return not_a_number(v);
        size_t len = (size_t)(p - number);
        p += strspn(p, " \t");
        size_t unit_len = strcspn(p, "0123456789 \t");
        if (!unit_len) {
            OWN(free) char *copy = strndup(number, len);
            return copy ? no_unit(v, copy, units) : -ENOMEM;
        }
        const struct unit *unit = find_unit(units, p, unit_len);
        if (!unit) {
            diag_add(v->diags, DIAG_C012, v->at, units == size_units ? size_hint : duration_hint,
                     "unknown unit \"%.*s\"", (int)unit_len, p);
            return -EINVAL;
        }
        if (__builtin_mul_overflow(n, unit->factor, &n) || __builtin_add_overflow(sum, n, &sum))
            return out_of_range(v);
        p += unit_len;
        p += strspn(p, " \t");
    } while (*p && units == duration_units);
    if (*p)
        return not_a_number(v);
    *out = sum;
    return 0;
}

static int parse_number(const struct value *v, void *base)
{
    uint64_t n = 0;
    int ret = v->row->type == TYPE_UINT   ? parse_plain(v, &n)
              : v->row->type == TYPE_SIZE ? parse_units(v, size_units, &n)
                                          : parse_units(v, duration_units, &n);
    if (ret < 0)
        return ret;
    if (n < v->row->limits.min || n > v->row->limits.max)
        return out_of_range(v);
    store(v->row, base, n);
    return 0;
}

/** A percentage, or a size. */
static int parse_space(const struct value *v, struct conf_output *output)
{
    const char *p = v->text;
    uint64_t n;
    if (digits(&p, &n) && strcmp(p, "%") == 0) {
        if (n > 99)
            return out_of_range(v);
        output->min_free = 0;
        output->min_free_percent = (unsigned)n;
        return 0;
    }
    int ret = parse_units(v, size_units, &n);
    if (ret < 0)
        return ret;
    output->min_free = n;
    output->min_free_percent = 0;
    return 0;
}

static int parse_mode(const struct value *v, void *base)
{
    char *end;
    errno = 0;
    unsigned long mode = strtoul(v->text, &end, 8);
    if (errno || *end || v->text[0] < '0' || v->text[0] > '7' || mode > v->row->limits.max) {
        diag_add(v->diags, DIAG_C017, v->at, "write three or four octal digits, as in 0640",
                 "\"%s\" is not a file mode", v->text);
        return -EINVAL;
    }
    store(v->row, base, mode);
    return 0;
}

/* ---- words */

static int parse_bool(const struct value *v, void *base)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(v->text, words[i]) == 0) {
            *(bool *)field(v->row, base) = i & 1;
            return 0;
        }
    }
    diag_add(v->diags, DIAG_C010, v->at, NULL, "\"%s\" is not yes or no", v->text);
    return -EINVAL;
}

static int parse_enum(const struct value *v, void *base)
{
    const char *const *choices = v->row->limits.choices;
    size_t n = 0;
    for (; choices[n]; n++) {
        if (strcmp(v->text, choices[n]) == 0) {
            store(v->row, base, n);
            return 0;
        }
    }
    char known[96], hint[128];
    conf_limits_text(v->row, known, sizeof(known));
    const char *near = nearest_find(v->text, choices, n);
    snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near ? near : "");
    diag_add(v->diags, DIAG_C014, v->at, near ? hint : NULL, "\"%s\" is not one of: %s", v->text,
             known);
    return -EINVAL;
}

static int parse_path(const struct value *v, void *base)
{
    if (v->text[0] != '/') {
        diag_add(v->diags, DIAG_C015, v->at, "begin it with /", "\"%s\" is not an absolute path",
                 v->text);
        return -EINVAL;
    }
    return store_text(v->row, base, v->text);
}

static int parse_word(const struct value *v, void *base)
{
    size_t len = strlen(v->text);
    const struct conf_limits *limits = &v->row->limits;
    bool fits = !limits->max || (len >= limits->min && len <= limits->max);
    if (!len || !fits || strpbrk(v->text, " \t")) {
        diag_add(v->diags, DIAG_C008, v->at, NULL, "\"%s\" is not a %s", v->text, v->row->key);
        return -EINVAL;
    }
    return store_text(v->row, base, v->text);
}

static int parse_pattern(const struct value *v, void *base)
{
    if (!v->text[0] || strchr(v->text, '/')) {
        diag_add(v->diags, DIAG_C008, v->at, "the key dir says where files go",
                 "\"%s\" is not the name of a file", v->text);
        return -EINVAL;
    }
    return store_text(v->row, base, v->text);
}

static int parse_ref(const struct value *v, void *base)
{
    size_t len = strcspn(v->text, " \t,");
    if (v->text[len]) {
        diag_add(v->diags, DIAG_C018, v->at, NULL, "only one name is possible here");
        return -EINVAL;
    }
    return store_text(v->row, base, v->text);
}

static int append_name(const struct conf_row *row, void *base, const char *name, size_t len)
{
    struct list list = load_list(row, base);
    for (size_t i = 0; i < list.n; i++)
        if (strlen(list.items[i]) == len && strncmp(list.items[i], name, len) == 0)
            return 0;
    char **items = reallocarray(list.items, list.n + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    list.items = items;
    store_list(row, base, list);
    list.items[list.n] = strndup(name, len);
    if (!list.items[list.n])
        return -ENOMEM;
    list.n++;
    store_list(row, base, list);
    return 0;
}

bool conf_is_list(const struct conf_row *row)
{
    return row->type == TYPE_REFS && !conf_row_many(row);
}

char *const *conf_list_get(const struct conf_row *row, const void *base, size_t *n)
{
    struct list list = load_list(row, base);
    *n = list.n;
    return list.items;
}

static int parse_list(const struct value *v, void *base)
{
    for (const char *p = v->text; *p;) {
        size_t len = strcspn(p, " \t,");
        if (len && load_list(v->row, base).n == CONF_LIST_MAX) {
            diag_add(v->diags, DIAG_C018, v->at, NULL, "more than %d names", CONF_LIST_MAX);
            return -EINVAL;
        }
        int ret = len ? append_name(v->row, base, p, len) : 0;
        if (ret < 0)
            return ret;
        p += len;
        p += strspn(p, " \t,");
    }
    return 0;
}

int conf_value_parse(const struct conf_row *row, const char *text, void *base, struct diag_place at,
                     struct diag_list *diags)
{
    struct value v = {.row = row, .text = text, .at = at, .diags = diags};
    if (row->limits.or_none && strcmp(text, "none") == 0)
        return store_text(row, base, NULL);
    switch (row->type) {
    case TYPE_BOOL: return parse_bool(&v, base);
    case TYPE_UINT:
    case TYPE_SIZE:
    case TYPE_DURATION: return parse_number(&v, base);
    case TYPE_SPACE: return parse_space(&v, base);
    case TYPE_ENUM: return parse_enum(&v, base);
    case TYPE_MODE: return parse_mode(&v, base);
    case TYPE_PATH: return parse_path(&v, base);
    case TYPE_WORD: return parse_word(&v, base);
    case TYPE_PATTERN: return parse_pattern(&v, base);
    case TYPE_TEXT: return store_text(row, base, text);
    case TYPE_REF: return parse_ref(&v, base);
    case TYPE_REFS: return parse_list(&v, base);
    }
    return -EINVAL;
}

int conf_value_reset(const struct conf_row *row, void *base)
{
    conf_value_fini(row, base);
    if (!row->fallback)
        return 0;
    struct diag_list none = {0}; /* stays empty: a test parses every default */
    int ret = conf_value_parse(row, row->fallback, base, (struct diag_place){0}, &none);
    diag_fini(&none);
    return ret;
}

static bool is_text(const struct conf_row *row)
{
    switch (row->type) {
    case TYPE_PATH:
    case TYPE_WORD:
    case TYPE_PATTERN:
    case TYPE_TEXT:
    case TYPE_REF: return true;
    default: return false;
    }
}

int conf_value_copy(const struct conf_row *row, const void *from, void *to)
{
    assert(row->type != TYPE_REFS && row->type != TYPE_SPACE);
    if (conf_row_many(row))
        return conf_settings_copy(conf_settings_in(row, from), conf_settings_of(row, to));
    if (is_text(row))
        return store_text(row, to, load_text(row, from));
    memcpy(field(row, to), const_field(row, from), row->size);
    return 0;
}

void conf_value_fini(const struct conf_row *row, void *base)
{
    if (conf_row_many(row)) {
        conf_settings_fini(conf_settings_of(row, base));
    } else if (is_text(row)) {
        store_text(row, base, NULL);
    } else if (conf_is_list(row)) {
        struct list list = load_list(row, base);
        for (size_t i = 0; i < list.n; i++)
            free(list.items[i]);
        free(list.items);
        store_list(row, base, (struct list){0});
    }
}
