/* SPDX-License-Identifier: MIT */
/** The variables of an object, and what they hold at first. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/map.h>

#include "base/own.h"
#include "base/vec.h"
#include "elf/object.h"

/** Most bytes of variables without first values (.bss) that are kept when one is set. */
#define MAX_SET (64u << 20)

/* ---- finding them */

/** The number of the data map of a section, or SIZE_MAX. */
static size_t data_map(const struct wn_object *obj, uint32_t section)
{
    uint32_t i = wn_link_find_map(&obj->link, section, 0);
    return i < obj->link.n_maps && obj->link.maps[i].data ? i : SIZE_MAX;
}

static bool is_variable(const struct wn_elf_symbol *s)
{
    return (s->type == STT_OBJECT || s->type == STT_NOTYPE) && s->name[0] &&
           strncmp(s->name, ".L", 2) != 0;
}

static int by_place(const void *a, const void *b)
{
    const struct wn_elf_var *v = a, *w = b;
    if (v->map != w->map)
        return v->map < w->map ? -1 : 1;
    if (v->offset != w->offset)
        return v->offset < w->offset ? -1 : 1;
    return strcmp(v->name, w->name);
}

/** The first variable at a place, or NULL. */
static struct wn_elf_var *var_at(struct wn_object *obj, uint32_t map, uint32_t offset)
{
    size_t low = 0, high = obj->vars.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct wn_elf_var *v = &obj->vars.data[mid];
        if (v->map < map || (v->map == map && v->offset < offset))
            low = mid + 1;
        else
            high = mid;
    }
    struct wn_elf_var *v = &obj->vars.data[low];
    return low < obj->vars.len && v->map == map && v->offset == offset ? v : NULL;
}

/** Give the variables of a section their types. */
static int type_vars(struct wn_object *obj, uint32_t map, struct wn_error *err)
{
    const struct wn_btf *btf = &obj->btf;
    uint32_t id = wn_btf_find(btf, obj->maps.data[map].name, WN_BTF_DATASEC);
    for (uint32_t i = 0; id && i < btf->types[id].count; i++) {
        struct wn_btf_secvar has = wn_btf_secvar(btf, id, i);
        struct wn_elf_var *v = var_at(obj, map, has.offset);
        uint32_t type = btf->types[has.type].type;
        if (!v || v->type || wn_btf_kind(btf, has.type) != WN_BTF_VAR || !btf->types[type].sized ||
            (v->bytes && v->bytes < btf->types[type].bytes))
            continue;
        v->btf = type;
        v->type = wn_elf_type_name(btf, type);
        if (!v->type)
            return wn_elf_no_memory(err);
        v->bytes = v->bytes ? v->bytes : btf->types[type].bytes;
    }
    return 0;
}

int wn_elf_read_vars(struct wn_object *obj, struct wn_error *err)
{
    for (uint32_t i = 0; i < obj->elf.n_symbols; i++) {
        const struct wn_elf_symbol *s = &obj->elf.symbols[i];
        size_t map = is_variable(s) && s->section < obj->elf.n_sections ? data_map(obj, s->section)
                                                                        : SIZE_MAX;
        if (map == SIZE_MAX)
            continue;
        uint32_t bytes = obj->maps.data[map].bytes;
        if (s->value > bytes || s->size > bytes - s->value)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                           "variable '%.60s' does not lie within its section", s->name);
        struct wn_elf_var v = {.name = s->name,
                               .map = (uint32_t)map,
                               .offset = (uint32_t)s->value,
                               .bytes = (uint32_t)s->size,
                               .global = s->bind != STB_LOCAL};
        if (!wn_vec_push(&obj->vars, v))
            return wn_elf_no_memory(err);
    }
    if (obj->vars.len)
        qsort(obj->vars.data, obj->vars.len, sizeof *obj->vars.data, by_place);
    for (uint32_t i = 0; obj->has_btf && i < obj->maps.len; i++) {
        int r = obj->maps.data[i].kind == WN_OBJECT_MAP_DATA ? type_vars(obj, i, err) : 0;
        if (r)
            return r;
    }
    for (size_t i = 0; i < obj->vars.len; i++) {
        struct wn_elf_var *v = &obj->vars.data[i];
        uint32_t room = obj->maps.data[v->map].bytes - v->offset;
        v->bytes = v->bytes > room ? room : v->bytes; /* types may say more than the section has */
        v->btf = v->bytes < (v->btf ? obj->btf.types[v->btf].bytes : 0) ? 0 : v->btf;
    }
    return 0;
}

/* ---- looking */

size_t wn_object_var_count(const struct wn_object *obj)
{
    return obj->vars.len;
}

void wn_object_describe_var(const struct wn_object *obj, size_t i, struct wn_object_var *out)
{
    const struct wn_elf_var *v = &obj->vars.data[i];
    const struct wn_elf_map *map = &obj->maps.data[v->map];
    *out = (struct wn_object_var){
        .name = v->name,
        .section = map->name,
        .map = v->map,
        .offset = v->offset,
        .bytes = v->bytes,
        .read_only = wn_elf_read_only(obj, map),
        .global = v->global,
        .type = v->type ? v->type : "",
    };
}

int wn_object_find_var(const struct wn_object *obj, const char *name, struct wn_error *err)
{
    size_t found = 0, at = 0;
    for (size_t i = 0; i < obj->vars.len; i++)
        if (strcmp(obj->vars.data[i].name, name) == 0) {
            found++;
            at = i;
        }
    if (found == 0)
        return wn_fail(err, -ENOENT, WN_NOWHERE, "no variable is called '%.60s'", name);
    if (found > 1)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%zu variables are called '%.60s'", found,
                       name);
    return (int)at;
}

/** Find a variable that has a size. */
static int find_sized(const struct wn_object *obj, const char *name, size_t bytes,
                      const struct wn_elf_var **out, struct wn_error *err)
{
    int i = wn_object_find_var(obj, name, err);
    if (i < 0)
        return i;
    *out = &obj->vars.data[i];
    if (bytes != (*out)->bytes)
        return wn_fail(err, -EINVAL, WN_NOWHERE, "variable '%.60s' has %" PRIu32 " bytes, not %zu",
                       name, (*out)->bytes, bytes);
    return 0;
}

int wn_object_get(const struct wn_object *obj, const char *name, void *value, size_t bytes,
                  struct wn_error *err)
{
    const struct wn_elf_var *v = NULL;
    int r = find_sized(obj, name, bytes, &v, err);
    if (r)
        return r;
    const struct wn_elf_map *map = &obj->maps.data[v->map];
    if (!map->live) {
        if (map->first)
            memcpy(value, map->first + v->offset, bytes);
        else
            memset(value, 0, bytes);
        return 0;
    }
    struct wn_map_info info;
    wn_map_info(map->live, &info);
    WN_OWN(free) uint8_t *whole = malloc(info.lookup_bytes);
    uint32_t key = 0;
    if (!whole)
        return wn_elf_no_memory(err);
    r = wn_map_lookup(map->live, &key, whole);
    if (r)
        return wn_fail(err, r, WN_NOWHERE, "section '%.60s' cannot be read", map->name);
    memcpy(value, whole + v->offset, bytes);
    return 0;
}

/* ---- setting */

/** What a section's variables hold at first, to be changed. */
static int make_own(struct wn_elf_map *map, struct wn_error *err)
{
    if (map->live)
        return wn_fail(err, -EBUSY, WN_NOWHERE,
                       "section '%.60s' is in use: set variables before the first program is "
                       "loaded",
                       map->name);
    if (map->own)
        return 0;
    if (map->bytes > MAX_SET)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "section '%.60s' is longer than %u MiB",
                       map->name, MAX_SET >> 20);
    map->own = calloc(map->bytes, 1);
    if (!map->own)
        return wn_elf_no_memory(err);
    if (map->first)
        memcpy(map->own, map->first, map->bytes);
    map->first = map->own;
    return 0;
}

int wn_object_set(struct wn_object *obj, const char *name, const void *value, size_t bytes,
                  struct wn_error *err)
{
    const struct wn_elf_var *v = NULL;
    int r = find_sized(obj, name, bytes, &v, err);
    if (r == 0)
        r = make_own(&obj->maps.data[v->map], err);
    if (r == 0)
        memcpy(obj->maps.data[v->map].own + v->offset, value, bytes);
    return r;
}

/** What numbers fit into a variable. */
struct fits {
    bool negative; /* signed, or not known */
    bool positive; /* unsigned, or not known */
    unsigned bits;
};

static bool number_kind(const struct wn_object *obj, const struct wn_elf_var *v, struct fits *out)
{
    *out = (struct fits){true, true, v->bytes * 8};
    if (v->bytes != 1 && v->bytes != 2 && v->bytes != 4 && v->bytes != 8)
        return false;
    if (!v->btf)
        return true;
    uint32_t id = wn_btf_skip(&obj->btf, v->btf);
    const struct wn_btf_type *t = &obj->btf.types[id];
    if (t->bytes != v->bytes)
        return false;
    if (t->kind == WN_BTF_INT) {
        struct wn_btf_int i = wn_btf_int(&obj->btf, id);
        out->bits = i.is_bool ? 1 : out->bits;
        out->negative = i.is_signed && !i.is_bool;
        out->positive = !out->negative;
        return true;
    }
    out->negative = t->flag;
    out->positive = !t->flag;
    return t->kind == WN_BTF_ENUM || t->kind == WN_BTF_ENUM64;
}

static bool fits(const struct fits *f, int64_t value)
{
    if (f->bits == 64)
        return true; /* 64 bits are 64 bits */
    int64_t half = INT64_C(1) << (f->bits - 1);
    return (f->negative && value >= -half && value < half) ||
           (f->positive && value >= 0 && value < 2 * half);
}

int wn_object_set_number(struct wn_object *obj, const char *name, int64_t value,
                         struct wn_error *err)
{
    int i = wn_object_find_var(obj, name, err);
    if (i < 0)
        return i;
    const struct wn_elf_var *v = &obj->vars.data[i];
    struct fits kind;
    if (!number_kind(obj, v, &kind))
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "variable '%.60s' (%.40s%s%" PRIu32 " bytes) is no number", name,
                       v->type ? v->type : "", v->type ? ", " : "", v->bytes);
    if (!fits(&kind, value))
        return wn_fail(err, -ERANGE, WN_NOWHERE,
                       "%" PRId64 " does not fit variable '%.60s' (%s%" PRIu32 " bytes)", value,
                       name, v->type ? v->type : "", v->bytes);
    uint8_t bytes[8];
    for (uint32_t k = 0; k < v->bytes; k++)
        bytes[k] = (uint8_t)((uint64_t)value >> 8 * (obj->elf.big ? v->bytes - 1 - k : k));
    return wn_object_set(obj, name, bytes, v->bytes, err);
}
