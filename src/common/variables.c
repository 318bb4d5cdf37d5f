/* SPDX-License-Identifier: MIT */
#include "common/variables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/object.h>

#include "common/nearest.h"
#include "common/own.h"

#define NAME_MAX_BYTES 256
#define GUESSES_MAX    1024 /* variables looked at for a guess */

/* The text as a JSON string, to be freed; NULL without memory. */
static char *quoted(const char *text)
{
    char *out = malloc(6 * strlen(text) + 3), *p = out;
    if (!out)
        return NULL;
    *p++ = '"';
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < ' ')
            p += sprintf(p, "\\u%04x", c);
        else
            *p++ = (char)c;
    }
    strcpy(p, "\"");
    return out;
}

/* Without types only numbers have a meaning. */
static int set_untyped(struct wn_object *object, const char *name, const char *text,
                       struct wn_error *err)
{
    char *end;
    errno = 0;
    uint64_t value = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
    if (end == text || *end || errno)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "%.60s: \"%.40s\" is no whole number", name,
                       text);
    return wn_object_set_number(object, name, (int64_t)value, err);
}

static int set_typed(struct wn_object *object, size_t number, const struct wn_object_var *var,
                     const char *text, struct wn_error *err)
{
    struct wn_error first;
    OWN(free) uint8_t *value = calloc(1, var->bytes + 1u);
    OWN(free) char *string = quoted(text);
    if (!value || !string)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    int code = wn_object_parse_var(object, number, text, strlen(text), value, var->bytes, &first);
    /* Names and texts stand without quotes on a command line. */
    if (code == WN_E_SYNTAX && !strchr("\"[{", *text))
        code =
            wn_object_parse_var(object, number, string, strlen(string), value, var->bytes, &first);
    if (code)
        return wn_fail(err, code, WN_NOWHERE, "%.60s (%.30s): %.60s", var->name, var->type,
                       first.text);
    return wn_object_set(object, var->name, value, var->bytes, err);
}

/* No such variable: one of a similar name may have been meant. */
static int unknown(const struct wn_object *object, const char *name, struct wn_error *err)
{
    size_t n = wn_object_var_count(object), i;
    OWN(free) const char **names = calloc(n + 1, sizeof(*names));
    struct wn_object_var var;
    for (i = 0; names && i < n && i < GUESSES_MAX; i++) {
        wn_object_describe_var(object, i, &var);
        names[i] = var.name;
    }
    const char *near = names ? nearest_find(name, names, i) : NULL;
    return near ? wn_fail(err, -ENOENT, WN_NOWHERE,
                          "no variable is called '%.40s'; did you mean '%.40s'?", name, near)
                : wn_fail(err, -ENOENT, WN_NOWHERE, "no variable is called '%.60s'", name);
}

int variables_set(struct wn_object *object, const char *name, const char *text,
                  struct wn_error *err)
{
    struct wn_object_var var;
    int number = wn_object_find_var(object, name, err);
    if (number == -ENOENT)
        return unknown(object, name, err);
    if (number < 0)
        return number;
    wn_object_describe_var(object, (size_t)number, &var);
    return *var.type ? set_typed(object, (size_t)number, &var, text, err)
                     : set_untyped(object, name, text, err);
}

int variables_assign(struct wn_object *object, const char *assignment, struct wn_error *err)
{
    char name[NAME_MAX_BYTES];
    size_t len = strcspn(assignment, "=");
    if (!assignment[len] || !len || len >= sizeof name)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "\"%.60s\": expected NAME=VALUE", assignment);
    memcpy(name, assignment, len);
    name[len] = '\0';
    return variables_set(object, name, assignment + len + 1, err);
}
