/* SPDX-License-Identifier: MIT */
#include "elf/map_def.h"

#include <stddef.h>
#include <string.h>

/* BPF_MAP_TYPE_ whose values are more than bytes (Linux: include/uapi/linux/bpf.h). */
enum { PROG_ARRAY = 3, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13, REFERENCE_BYTES = 4 };

/** One definition being read; messages name the map, and say so if they mean its inner one. */
struct reading {
    const struct wn_btf *btf;
    struct wn_map_def *def; /* NULL while reading an inner one, which holds nothing itself */
    struct wn_map_shape *shape;
    const char *map;
    const char *part; /* "" or ": inner map" */
    struct wn_error *err;
};

static const struct attribute {
    const char *name;
    size_t offset; /* in struct wn_map_shape */
} attributes[] = {
    {"type", offsetof(struct wn_map_shape, type)},
    {"key_size", offsetof(struct wn_map_shape, key_bytes)},
    {"value_size", offsetof(struct wn_map_shape, value_bytes)},
    {"max_entries", offsetof(struct wn_map_shape, max_entries)},
    {"map_flags", offsetof(struct wn_map_shape, flags)},
    {"pinning", offsetof(struct wn_map_shape, pinning)},
    {"numa_node", offsetof(struct wn_map_shape, numa_node)},
};

static int wrong(const struct reading *r, const char *member, const char *what)
{
    return wn_fail(r->err, WN_E_FORMAT, WN_NOWHERE, "map '%.40s'%s: '%.40s' %s", r->map, r->part,
                   member, what);
}

/** A number, as __uint (the length of an array) and __ulong (an enumerator) put it into a type. */
static int read_number(const struct reading *r, const struct wn_btf_member *m, uint64_t *out)
{
    const struct wn_btf *btf = r->btf;
    uint32_t id = wn_btf_skip(btf, m->type);
    if (btf->types[id].kind == WN_BTF_PTR) {
        id = wn_btf_skip(btf, btf->types[id].type);
        if (btf->types[id].kind == WN_BTF_ARRAY) {
            *out = wn_btf_array(btf, id).count;
            return 0;
        }
    }
    uint8_t kind = btf->types[id].kind;
    if ((kind == WN_BTF_ENUM || kind == WN_BTF_ENUM64) && btf->types[id].count == 1) {
        *out = wn_btf_value(btf, id, 0).value;
        return 0;
    }
    return wrong(r, m->name, "is no number: use __uint()");
}

static int set_number(const struct reading *r, const struct wn_btf_member *m, size_t offset)
{
    uint64_t value = 0;
    uint32_t before;
    uint8_t *place = (uint8_t *)r->shape + offset;
    int result = read_number(r, m, &value);
    if (result)
        return result;
    if (value > UINT32_MAX)
        return wrong(r, m->name, "is longer than 32 bits");
    memcpy(&before, place, sizeof before);
    if (before && before != value)
        return wrong(r, m->name, "contradicts an earlier member");
    memcpy(place, &(uint32_t){(uint32_t)value}, sizeof before);
    return 0;
}

/** A type, as __type puts it: a pointer to it. It is also the size. */
static int set_type(const struct reading *r, const struct wn_btf_member *m, uint32_t *type,
                    uint32_t *bytes)
{
    const struct wn_btf *btf = r->btf;
    uint32_t id = wn_btf_skip(btf, m->type);
    if (btf->types[id].kind != WN_BTF_PTR || !btf->types[btf->types[id].type].sized)
        return wrong(r, m->name, "is no pointer to a complete type: use __type()");
    *type = btf->types[id].type;
    uint32_t has = btf->types[*type].bytes;
    if (*bytes && *bytes != has)
        return wrong(r, m->name, "is of another size than an earlier member says");
    *bytes = has;
    return 0;
}

static int read_shape(struct reading *r, uint32_t id);

/** What __array puts: an array of pointers to inner definitions or to functions. */
static int set_values(const struct reading *r, const struct wn_btf_member *m, bool last)
{
    const struct wn_btf *btf = r->btf;
    struct wn_map_def *def = r->def;
    uint32_t array = wn_btf_skip(btf, m->type);
    if (!def)
        return wrong(r, m->name, "in a map that is itself an inner one");
    if (btf->types[array].kind != WN_BTF_ARRAY || !last)
        return wrong(r, m->name, "must be the last member, an array: use __array()");
    uint32_t pointer = wn_btf_skip(btf, wn_btf_array(btf, array).element);
    uint32_t target = wn_btf_skip(btf, btf->types[pointer].type);
    if (btf->types[pointer].kind != WN_BTF_PTR)
        return wrong(r, m->name, "must be an array of pointers");
    if (r->shape->value_bytes && r->shape->value_bytes != REFERENCE_BYTES)
        return wrong(r, m->name, "needs a value_size of 4");
    r->shape->value_bytes = REFERENCE_BYTES;
    def->values_at = m->bit / 8;
    def->n_values = wn_btf_array(btf, array).count;
    if (btf->types[target].kind == WN_BTF_FUNC_PROTO && r->shape->type == PROG_ARRAY) {
        def->holds = WN_MAP_HOLDS_PROGS;
        return 0;
    }
    if (btf->types[target].kind != WN_BTF_STRUCT ||
        (r->shape->type != ARRAY_OF_MAPS && r->shape->type != HASH_OF_MAPS))
        return wrong(r, m->name, "must be programs of a prog array, or maps of a map of maps");
    def->holds = WN_MAP_HOLDS_MAPS;
    struct reading inner = *r;
    inner.def = NULL;
    inner.shape = &def->inner;
    inner.part = ": inner map";
    return read_shape(&inner, target);
}

static int read_member(const struct reading *r, const struct wn_btf_member *m, bool last)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (strcmp(attributes[i].name, m->name) == 0)
            return set_number(r, m, attributes[i].offset);
    if (strcmp(m->name, "map_extra") == 0)
        return read_number(r, m, &r->shape->extra);
    if (strcmp(m->name, "key") == 0)
        return set_type(r, m, &r->shape->key_type, &r->shape->key_bytes);
    if (strcmp(m->name, "value") == 0)
        return set_type(r, m, &r->shape->value_type, &r->shape->value_bytes);
    if (strcmp(m->name, "values") == 0)
        return set_values(r, m, last);
    return wn_fail(r->err, WN_E_UNSUPPORTED, WN_NOWHERE,
                   "map '%.40s'%s: no attribute is called '%.40s'", r->map, r->part, m->name);
}

static int read_shape(struct reading *r, uint32_t id)
{
    uint32_t n = r->btf->types[id].count;
    for (uint32_t i = 0; i < n; i++) {
        struct wn_btf_member m = wn_btf_member(r->btf, id, i);
        int result = read_member(r, &m, i + 1 == n);
        if (result)
            return result;
    }
    if (r->shape->type == 0)
        return wn_fail(r->err, WN_E_FORMAT, WN_NOWHERE, "map '%.40s'%s has no 'type'", r->map,
                       r->part);
    return 0;
}

/* ---- locks in values ------------------------------------------------------------------------- */

/** Note one, which begins at a byte of the value. */
static int note_lock(const char *map, uint32_t at, struct wn_map_shape *shape, struct wn_error *err)
{
    if (shape->has_lock)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "map '%.60s': values with more than one struct bpf_spin_lock", map);
    if (at % 4)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "map '%.60s': the struct bpf_spin_lock in its values is not aligned to 4",
                       map);
    shape->has_lock = true;
    shape->lock_at = at;
    return 0;
}

static int find_lock(const struct wn_btf *btf, const char *map, uint32_t type, uint32_t at,
                     struct wn_map_shape *shape, struct wn_error *err)
{
    uint32_t id = wn_btf_skip(btf, type);
    const struct wn_btf_type *t = &btf->types[id];
    int r = 0;
    if (t->kind == WN_BTF_STRUCT && t->bytes == 4 &&
        strcmp(wn_btf_name(btf, id), "bpf_spin_lock") == 0)
        return note_lock(map, at, shape, err);
    for (uint32_t i = 0; r == 0 && t->kind == WN_BTF_STRUCT && i < t->count; i++) {
        struct wn_btf_member m = wn_btf_member(btf, id, i);
        r = find_lock(btf, map, m.type, at + m.bit / 8, shape, err);
    }
    return r;
}

int wn_map_def_find_lock(const struct wn_btf *btf, const char *map, struct wn_map_shape *shape,
                         struct wn_error *err)
{
    return find_lock(btf, map, shape->value_type, 0, shape, err);
}

int wn_map_def_parse(const struct wn_btf *btf, uint32_t var, struct wn_map_def *out,
                     struct wn_error *err)
{
    struct wn_map_def def = {.name = wn_btf_name(btf, var)};
    struct reading r = {btf, &def, &def.shape, def.name, "", err};
    uint32_t id = wn_btf_skip(btf, btf->types[var].type);
    if (btf->types[var].kind != WN_BTF_VAR || btf->types[id].kind != WN_BTF_STRUCT)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "section %s: '%.60s' is no variable of a structure", WN_MAP_SECTION,
                       def.name);
    def.bytes = btf->types[id].bytes;
    int result = read_shape(&r, id);
    if (result == 0)
        *out = def;
    return result;
}
