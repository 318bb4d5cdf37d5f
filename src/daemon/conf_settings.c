/* SPDX-License-Identifier: MIT */
/* Keys with a name in them, as in map.NAME.file: what is known of all names together. */
#include "daemon/conf_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/own.h"

struct conf_settings *conf_settings_of(const struct conf_row *row, void *base)
{
    return (struct conf_settings *)(void *)((char *)base + row->offset);
}

const struct conf_settings *conf_settings_in(const struct conf_row *row, const void *base)
{
    return (const struct conf_settings *)(const void *)((const char *)base + row->offset);
}

static struct conf_setting *find(const struct conf_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n; i++)
        if (strcmp(settings->items[i].name, name) == 0)
            return &settings->items[i];
    return NULL;
}

const struct conf_setting *conf_setting_find(const struct conf_settings *settings, const char *name)
{
    return find(settings, name);
}

static void setting_fini(struct conf_setting *s)
{
    free(s->name);
    free(s->text);
}

/** Take one over: it replaces the one of its name, or comes last. */
static int put(struct conf_settings *settings, struct conf_setting *s)
{
    struct conf_setting *same = find(settings, s->name);
    if (same) {
        setting_fini(same);
        *same = *s;
        return 0;
    }
    struct conf_setting *items = reallocarray(settings->items, settings->n + 1, sizeof(*items));
    if (!items) {
        setting_fini(s);
        return -ENOMEM;
    }
    settings->items = items;
    items[settings->n++] = *s;
    return 0;
}

static int add(struct conf_settings *settings, const char *name, size_t len, const char *text,
               uint64_t number, struct conf_origin origin)
{
    struct conf_setting s = {
        .name = strndup(name, len), .text = strdup(text), .number = number, .origin = origin};
    if (s.name && s.text)
        return put(settings, &s);
    setting_fini(&s);
    return -ENOMEM;
}

/** The row as it were if the field was one value, alone in its structure. */
static struct conf_row alone(const struct conf_row *row)
{
    struct conf_row one = *row;
    one.key = "value";
    one.offset = 0;
    one.size = row->type == TYPE_BOOL ? sizeof(bool) : sizeof(uint64_t);
    return one;
}

int conf_setting_parse(const struct conf_row *row, const char *name, const char *text,
                       struct conf_origin origin, void *base, struct diag_place at,
                       struct diag_list *diags)
{
    struct conf_settings *settings = conf_settings_of(row, base);
    const struct conf_row one = alone(row);
    union {
        uint64_t number;
        bool yes;
        char *text;
    } value = {0};
    if (settings->n == CONF_LIST_MAX && !find(settings, name)) {
        diag_add(diags, DIAG_C018, at, NULL, "more than %d of %s", CONF_LIST_MAX, row->key);
        return -EINVAL;
    }
    int ret = conf_value_parse(&one, text, &value, at, diags);
    if (ret < 0)
        return ret;
    uint64_t number = row->type == TYPE_BOOL   ? value.yes
                      : row->type == TYPE_UINT ? value.number
                                               : 0;
    conf_value_fini(&one, &value);
    return add(settings, name, strlen(name), text, number, origin);
}

int conf_setting_assign(struct conf_settings *settings, const char *assignment)
{
    size_t len = strcspn(assignment, "=");
    if (!len || !assignment[len])
        return -EINVAL;
    return add(settings, assignment, len, assignment + len + 1, 0, (struct conf_origin){0});
}

int conf_settings_copy(const struct conf_settings *from, struct conf_settings *to)
{
    int ret = 0;
    for (size_t i = 0; ret == 0 && i < from->n; i++) {
        const struct conf_setting *s = &from->items[i];
        ret = add(to, s->name, strlen(s->name), s->text, s->number, (struct conf_origin){0});
    }
    return ret;
}

char *conf_settings_text(const struct conf_settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    if (!settings->n)
        return NULL;
    FILE *to = open_memstream(&text, &size);
    for (size_t i = 0; to && i < settings->n; i++)
        fprintf(to, "%s=%s\n", settings->items[i].name, settings->items[i].text);
    if (to)
        fclose(to);
    return text;
}

void conf_settings_fini(struct conf_settings *settings)
{
    for (size_t i = 0; i < settings->n; i++)
        setting_fini(&settings->items[i]);
    free(settings->items);
    *settings = (struct conf_settings){NULL, 0};
}
