/* SPDX-License-Identifier: MIT */
/** Types and values of an object as text. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/btf_print.h"
#include "elf/object.h"

enum { TYPE_NAME = 128, DEEP = 16 };

/** What a chain of types ends with, and what stands before and behind it in C. */
struct type_text {
    char head[TYPE_NAME];
    char tail[TYPE_NAME];
};

/** Put text before what there is, cut where there is no more room. */
static void before(char *text, const char *add)
{
    char all[2 * TYPE_NAME];
    snprintf(all, sizeof all, "%s%s", add, text);
    memcpy(text, all, TYPE_NAME - 1);
    text[TYPE_NAME - 1] = '\0';
}

/** The end of a chain. */
static void end(struct type_text *t, const char *kind, const char *name)
{
    char part[TYPE_NAME];
    snprintf(part, sizeof part, "%s%s%.90s%s", kind, kind[0] ? " " : "", name[0] ? name : "{...}",
             t->head[0] == '*' ? " " : "");
    before(t->head, part);
}

/** One step of a chain: whether it goes on, with another type. */
static bool step(const struct wn_btf *btf, uint32_t *id, struct type_text *t)
{
    const struct wn_btf_type *type = &btf->types[*id];
    enum wn_btf_kind kind = wn_btf_kind(btf, *id);
    switch (kind) {
    case WN_BTF_PTR: before(t->head, "*"); break;
    case WN_BTF_CONST:
    case WN_BTF_VOLATILE:
    case WN_BTF_RESTRICT:
    case WN_BTF_TYPE_TAG: break;
    case WN_BTF_ARRAY: {
        struct wn_btf_array a = wn_btf_array(btf, *id);
        size_t len = strlen(t->tail);
        snprintf(t->tail + len, sizeof t->tail - len, "[%u]", a.count);
        *id = a.element;
        return true;
    }
    case WN_BTF_STRUCT:
    case WN_BTF_UNION:
    case WN_BTF_ENUM:
    case WN_BTF_ENUM64: end(t, wn_btf_kind_name(kind), wn_btf_name(btf, *id)); return false;
    case WN_BTF_FWD: end(t, type->flag ? "union" : "struct", wn_btf_name(btf, *id)); return false;
    case WN_BTF_FUNC_PROTO: end(t, "", "function"); return false;
    default: end(t, "", *id == 0 ? "void" : wn_btf_name(btf, *id)); return false;
    }
    *id = type->type;
    return true;
}

char *wn_elf_type_name(const struct wn_btf *btf, uint32_t id)
{
    struct type_text t = {"", ""};
    char all[2 * TYPE_NAME];
    bool goes_on = true;
    for (unsigned i = 0; i < DEEP && goes_on; i++)
        goes_on = step(btf, &id, &t);
    if (goes_on)
        before(t.head, "...");
    snprintf(all, sizeof all, "%s%s", t.head, t.tail);
    return strdup(all);
}

/* ---- values */

struct text {
    char *out;
    size_t size;
    size_t len;
    bool full;
};

static void add(struct text *t, const char *text)
{
    size_t n = strlen(text);
    if (t->full || n >= t->size - t->len) {
        t->full = true;
        return;
    }
    memcpy(t->out + t->len, text, n + 1);
    t->len += n;
}

static void add_hex(struct text *t, const uint8_t *value, size_t bytes)
{
    char digits[3];
    add(t, "\"");
    for (size_t i = 0; i < bytes && !t->full; i++) {
        snprintf(digits, sizeof digits, "%02x", value[i]);
        add(t, digits);
    }
    add(t, "\"");
}

/** Names of symbols may be anything. */
static void add_name(struct text *t, const char *name)
{
    char piece[8];
    add(t, "\"");
    for (; *name && !t->full; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
        snprintf(piece, sizeof piece, plain ? "%c" : "\\u%04x", c);
        add(t, piece);
    }
    add(t, "\":");
}

/** A value of a type that is known, or not (0). */
static void add_typed(struct text *t, const struct wn_object *obj, uint32_t type,
                      const uint8_t *value, size_t bytes)
{
    if (t->full)
        return;
    if (!type || !obj->btf.types[type].sized || obj->btf.types[type].bytes > bytes) {
        add_hex(t, value, bytes);
        return;
    }
    int n = wn_btf_print(&obj->btf, type, value, bytes, t->out + t->len, t->size - t->len, NULL);
    t->full = n < 0;
    t->len += n > 0 ? (size_t)n : 0;
}

static int finish(const struct text *t, struct wn_error *err)
{
    if (t->full || t->len > INT_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "the value is longer than %zu characters",
                       t->size);
    return (int)t->len;
}

static int print_typed(const struct wn_object *obj, uint32_t type, const void *value,
                       uint32_t needed, size_t bytes, char *text, size_t size, struct wn_error *err)
{
    struct text t = {text, size, 0, size == 0};
    if (bytes < needed)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%zu bytes where there have to be %u", bytes,
                       needed);
    add_typed(&t, obj, type, value, bytes);
    return finish(&t, err);
}

int wn_object_print_key(const struct wn_object *obj, size_t i, const void *key, size_t bytes,
                        char *text, size_t size, struct wn_error *err)
{
    const struct wn_map_shape *shape = &obj->maps.data[i].def.shape;
    return print_typed(obj, shape->key_type, key, shape->key_bytes, bytes, text, size, err);
}

int wn_object_print_var(const struct wn_object *obj, size_t i, const void *value, size_t bytes,
                        char *text, size_t size, struct wn_error *err)
{
    const struct wn_elf_var *v = &obj->vars.data[i];
    return print_typed(obj, v->btf, value, v->bytes, bytes, text, size, err);
}

int wn_object_print_value(const struct wn_object *obj, size_t i, const void *value, size_t bytes,
                          char *text, size_t size, struct wn_error *err)
{
    const struct wn_elf_map *map = &obj->maps.data[i];
    const struct wn_map_shape *shape = &map->def.shape;
    struct text t = {text, size, 0, size == 0};
    bool first = true;
    if (map->kind != WN_OBJECT_MAP_DATA)
        return print_typed(obj, shape->value_type, value, shape->value_bytes, bytes, text, size,
                           err);
    if (bytes < map->bytes)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%zu bytes where there have to be %u", bytes,
                       map->bytes);
    add(&t, "{");
    for (size_t k = 0; k < obj->vars.len && !t.full; k++) {
        const struct wn_elf_var *v = &obj->vars.data[k];
        if (v->map != i)
            continue;
        add(&t, first ? "" : ",");
        first = false;
        add_name(&t, v->name);
        add_typed(&t, obj, v->btf, (const uint8_t *)value + v->offset, v->bytes);
    }
    add(&t, "}");
    return finish(&t, err);
}
