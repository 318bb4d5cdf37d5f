/* SPDX-License-Identifier: MIT */
/** Text as values of an object: the way back from print.c. */
#include <string.h>

#include "elf/btf_read.h"
#include "elf/object.h"

static int parse_typed(const struct wn_object *obj, uint32_t type, uint32_t needed,
                       const char *text, size_t len, void *value, size_t bytes,
                       struct wn_error *err)
{
    if (bytes < needed)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%zu bytes where there have to be %u", bytes,
                       needed);
    /* As for printing: a type that cannot be the value's is none. */
    bool known = type && obj->btf.types[type].sized && obj->btf.types[type].bytes <= needed;
    return wn_btf_read(&obj->btf, known ? type : 0, text, len, value, needed, err);
}

int wn_object_parse_key(const struct wn_object *obj, size_t i, const char *text, size_t len,
                        void *key, size_t bytes, struct wn_error *err)
{
    const struct wn_map_shape *shape = &obj->maps.data[i].def.shape;
    return parse_typed(obj, shape->key_type, shape->key_bytes, text, len, key, bytes, err);
}

int wn_object_parse_var(const struct wn_object *obj, size_t i, const char *text, size_t len,
                        void *value, size_t bytes, struct wn_error *err)
{
    const struct wn_elf_var *v = &obj->vars.data[i];
    return parse_typed(obj, v->btf, v->bytes, text, len, value, bytes, err);
}

/** A section among the object's. */
struct section {
    const struct wn_object *obj;
    size_t map;
};

static bool find_var(const void *arg, const char *name, struct wn_btf_place *out)
{
    const struct section *section = arg;
    const struct wn_object *obj = section->obj;
    for (size_t k = 0; k < obj->vars.len; k++) {
        const struct wn_elf_var *v = &obj->vars.data[k];
        if (v->map != section->map || strcmp(v->name, name) != 0)
            continue;
        bool known =
            v->btf && obj->btf.types[v->btf].sized && obj->btf.types[v->btf].bytes <= v->bytes;
        *out = (struct wn_btf_place){known ? v->btf : 0, v->offset, v->bytes};
        return true;
    }
    return false;
}

int wn_object_parse_value(const struct wn_object *obj, size_t i, const char *text, size_t len,
                          void *value, size_t bytes, struct wn_error *err)
{
    const struct wn_elf_map *map = &obj->maps.data[i];
    const struct wn_map_shape *shape = &map->def.shape;
    const struct section section = {obj, i};
    if (map->kind != WN_OBJECT_MAP_DATA)
        return parse_typed(obj, shape->value_type, shape->value_bytes, text, len, value, bytes,
                           err);
    if (bytes < map->bytes)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "%zu bytes where there have to be %u", bytes,
                       map->bytes);
    return wn_btf_read_section(&obj->btf, find_var, &section, text, len, value, map->bytes, err);
}
