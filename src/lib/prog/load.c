/* SPDX-License-Identifier: MIT */
/** From objects to programs and maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/vec.h"
#include "elf/object.h"
#include "map/map.h"
#include "prog/prog.h"

enum { WIDE = 0x18 };

WN_OWN_BY(prog, struct wn_prog, wn_prog_free)

static inline void wn_own_bound(struct wn_bound *bound)
{
    wn_bound_fini(bound);
}

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

/* ---- maps come to life */

static struct wn_map_opts options_of(const struct wn_object *obj, const struct wn_map_shape *shape,
                                     const char *name)
{
    return (struct wn_map_opts){
        .type = (enum wn_map_type)shape->type,
        .key_bytes = shape->key_bytes,
        .value_bytes = shape->value_bytes,
        .max_entries = shape->max_entries,
        .flags = shape->flags,
        .cpus = obj->limits.cpus,
        .max_bytes = obj->limits.max_bytes,
        .name = name,
        .extra = shape->extra,
        .has_lock = shape->has_lock,
        .lock_at = shape->lock_at,
    };
}

static int make_map(const struct wn_object *obj, struct wn_elf_map *map, struct wn_error *err)
{
    const struct wn_map_shape *shape = &map->def.shape;
    struct wn_map_opts opts = options_of(obj, shape, map->name);
    struct wn_map_opts inner = options_of(obj, &map->def.inner, map->name);
    if (map->def.holds == WN_MAP_HOLDS_MAPS)
        opts.inner = &inner;
    if (shape->type == WN_MAP_PERF_EVENT_ARRAY && shape->max_entries == 0) /* as libbpf */
        opts.max_entries = opts.cpus ? opts.cpus : 1;
    if (map->refused.code)
        return wn_fail(err, map->refused.code, map->refused.at, "%s", map->refused.text);
    struct wn_error why = {0};
    int r = wn_map_new(&opts, &map->live, &why);
    const char *type = wn_elf_map_type_name(shape->type);
    if (r == WN_E_UNSUPPORTED)
        return wn_fail(err, r, WN_NOWHERE, "map '%.60s': maps of type %u (%s) are not provided",
                       map->name, shape->type, type ? type : "unknown");
    /* Objects leave it open where their own loader knows better: that of CPUs, say. */
    const char *hint = r == -EINVAL && !shape->max_entries ? "; set the number of entries" : "";
    return r ? wn_fail(err, r, why.at, "%s%s", why.text, hint) : 0;
}

/** Where byte `offset` of the variables of a section is, whose map has been made. */
static uint64_t address_in(const struct wn_elf_map *map, uint32_t offset)
{
    struct wn_region values;
    wn_map_values(map->live, &values);
    return values.start + values.first + offset;
}

/** Give the variables of a section their first values; every section has its map. */
static int fill_data(const struct wn_object *obj, struct wn_elf_map *map, struct wn_error *err)
{
    const uint32_t key = 0;
    int r = 0;
    if (map->first || map->n_inits) {
        WN_OWN(free) uint8_t *value = calloc(map->bytes, 1);
        if (!value)
            return no_memory(err);
        if (map->first)
            memcpy(value, map->first, map->bytes);
        for (uint32_t i = 0; i < map->n_inits; i++) {
            const struct wn_elf_init *init = &obj->inits.data[map->inits + i];
            uint64_t address = address_in(&obj->maps.data[init->target], init->offset);
            memcpy(value + init->at, &address, sizeof address);
        }
        r = wn_map_update(map->live, &key, value, WN_MAP_ANY);
    }
    if (r == 0 && wn_elf_read_only(obj, map))
        r = wn_map_freeze(map->live);
    if (r)
        return wn_fail(err, r, WN_NOWHERE, "section '%.60s' cannot be filled: %s", map->name,
                       wn_strerror(r));
    map->filled = true;
    return 0;
}

/** Put the maps into a map that the object says are there at first; they are made if need be. */
static int fill_maps(struct wn_object *obj, struct wn_elf_map *map, struct wn_error *err)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < map->n_inits; i++) {
        const struct wn_elf_init *init = &obj->inits.data[map->inits + i];
        struct wn_elf_map *inner = &obj->maps.data[init->target];
        r = inner->live ? 0 : make_map(obj, inner, err);
        r = r ? r : wn_map_set_inner(map->live, &init->at, inner->live, WN_MAP_ANY, err);
    }
    map->filled = r == 0;
    return r;
}

/** A list of maps, each once. */
struct maps {
    uint32_t *number; /* of each map of the object: 1 + its place in the list; 0: not in it */
    struct {
        uint32_t *data;
        size_t len, cap;
    } list;
};

static inline void wn_own_maps(struct maps *maps)
{
    free(maps->number);
    free(maps->list.data);
}

static int maps_init(struct maps *maps, const struct wn_object *obj, struct wn_error *err)
{
    maps->number = calloc(obj->maps.len ? obj->maps.len : 1, sizeof *maps->number);
    return maps->number ? 0 : no_memory(err);
}

static int maps_add(struct maps *maps, uint32_t map, struct wn_error *err)
{
    if (maps->number[map])
        return 0;
    if (!wn_vec_push(&maps->list, map))
        return no_memory(err);
    maps->number[map] = (uint32_t)maps->list.len;
    return 0;
}

static int maps_add_of_prog(struct maps *maps, const struct wn_object *obj, size_t prog,
                            struct wn_error *err)
{
    uint32_t used[WN_OBJECT_MAX_MAPS];
    size_t n = wn_object_prog_maps(obj, prog, used, WN_OBJECT_MAX_MAPS);
    int r = 0;
    for (size_t i = 0; r == 0 && i < n && i < WN_OBJECT_MAX_MAPS; i++)
        r = maps_add(maps, used[i], err);
    return r;
}

/** Add the maps of which those from place `from` on hold addresses. */
static int maps_add_addressed(struct maps *maps, const struct wn_object *obj, size_t from,
                              struct wn_error *err)
{
    int r = 0;
    for (size_t k = from; k < maps->list.len; k++) {
        const struct wn_elf_map *map = &obj->maps.data[maps->list.data[k]];
        if (map->kind != WN_OBJECT_MAP_DATA)
            continue;
        for (uint32_t i = 0; r == 0 && i < map->n_inits; i++)
            r = maps_add(maps, obj->inits.data[map->inits + i].target, err);
    }
    return r;
}

/** Add what the programs need that are in the program arrays of the list. */
static int maps_add_tail_called(struct maps *maps, const struct wn_object *obj,
                                struct wn_error *err)
{
    WN_OWN(free) bool *seen = calloc(obj->progs.len, sizeof *seen);
    int r = 0;
    if (!seen)
        return no_memory(err);
    for (size_t k = 0; r == 0 && k < maps->list.len; k++) {
        const struct wn_elf_map *map = &obj->maps.data[maps->list.data[k]];
        if (map->def.holds != WN_MAP_HOLDS_PROGS)
            continue;
        for (uint32_t i = 0; r == 0 && i < map->n_inits; i++) {
            uint32_t target = obj->inits.data[map->inits + i].target;
            size_t before = maps->list.len;
            if (seen[target])
                continue;
            seen[target] = true;
            r = maps_add_of_prog(maps, obj, target, err);
            if (r == 0)
                r = maps_add_addressed(maps, obj, before, err);
        }
    }
    return r;
}

/** Make the maps of a list that are not there yet, and fill them, but for program arrays. */
static int maps_make(const struct maps *maps, struct wn_object *obj, struct wn_error *err)
{
    int r = 0;
    for (size_t k = 0; r == 0 && k < maps->list.len; k++) {
        struct wn_elf_map *map = &obj->maps.data[maps->list.data[k]];
        r = map->live ? 0 : make_map(obj, map, err);
    }
    for (size_t k = 0; r == 0 && k < maps->list.len; k++) {
        struct wn_elf_map *map = &obj->maps.data[maps->list.data[k]];
        if (map->filled)
            continue;
        if (map->kind == WN_OBJECT_MAP_DATA)
            r = fill_data(obj, map, err);
        else if (map->def.holds == WN_MAP_HOLDS_MAPS)
            r = fill_maps(obj, map, err);
    }
    return r;
}

int wn_object_map(struct wn_object *obj, const char *name, struct wn_map **out,
                  struct wn_error *err)
{
    WN_OWN(maps) struct maps maps = {0};
    int i = wn_object_find_map(obj, name, err);
    if (i < 0)
        return i;
    int r = maps_init(&maps, obj, err);
    if (r == 0)
        r = maps_add(&maps, (uint32_t)i, err);
    if (r == 0)
        r = maps_add_addressed(&maps, obj, 0, err);
    if (r == 0)
        r = maps_make(&maps, obj, err);
    if (r == 0)
        *out = obj->maps.data[i].live;
    return r;
}

int wn_object_make_maps(struct wn_object *obj, struct wn_error *err)
{
    WN_OWN(maps) struct maps maps = {0};
    int r = maps_init(&maps, obj, err);
    for (uint32_t i = 0; r == 0 && i < obj->maps.len; i++)
        r = maps_add(&maps, i, err);
    return r ? r : maps_make(&maps, obj, err);
}

/* ---- programs */

/** Have slots refer to maps by their places in a list. */
static void renumber(struct wn_slot *slots, size_t n, const struct maps *maps)
{
    for (size_t i = 0; i < n; i++) {
        unsigned src = wn_slot_src(slots[i]);
        if (slots[i].opcode != WIDE)
            continue;
        if (src == WN_PSEUDO_MAP_FD || src == WN_PSEUDO_MAP_VALUE)
            slots[i].imm = (int32_t)(maps->number[slots[i].imm] - 1);
        i++;
    }
}

static int bind_maps(const struct maps *maps, const struct wn_object *obj, struct wn_bound *out,
                     struct wn_error *err)
{
    size_t n = maps->list.len;
    out->maps = calloc(n ? n : 1, sizeof(struct wn_map *));
    if (!out->maps)
        return no_memory(err);
    for (size_t k = 0; k < n; k++)
        out->maps[k] = wn_map_ref(obj->maps.data[maps->list.data[k]].live);
    out->n_more = (uint32_t)n - out->n_maps;
    return 0;
}

int wn_prog_bind_object(struct wn_object *obj, size_t i, struct wn_bound *out, struct wn_error *err)
{
    WN_OWN(maps) struct maps maps = {0};
    WN_OWN(bound) struct wn_bound bound = {0};
    const struct wn_elf_prog *p = &obj->progs.data[i];
    if (p->refused.code)
        return wn_fail(err, p->refused.code, p->refused.at, "%s", p->refused.text);
    int r = maps_init(&maps, obj, err);
    if (r == 0)
        r = maps_add_of_prog(&maps, obj, i, err);
    if (r == 0)
        r = maps_add_addressed(&maps, obj, 0, err);
    bound.n_maps = (uint32_t)maps.list.len;
    if (r == 0)
        r = maps_add_tail_called(&maps, obj, err);
    if (r == 0)
        r = maps_make(&maps, obj, err);
    if (r)
        return r;
    bound.count = p->linked.len;
    bound.slots = malloc(bound.count * sizeof *bound.slots);
    if (!bound.slots)
        return no_memory(err);
    memcpy(bound.slots, p->linked.data, bound.count * sizeof *bound.slots);
    renumber(bound.slots, bound.count, &maps);
    r = bind_maps(&maps, obj, &bound, err);
    if (r)
        return r;
    *out = bound;
    bound = (struct wn_bound){0};
    return 0;
}

void wn_bound_fini(struct wn_bound *bound)
{
    for (uint32_t i = 0; bound->maps && i < bound->n_maps + bound->n_more; i++)
        wn_map_free(bound->maps[i]);
    free(bound->maps);
    free(bound->slots);
}

/** Add the source line to what is said about a slot, if there is room. */
static void add_line(const struct wn_object *obj, size_t i, struct wn_error *err)
{
    struct wn_object_line line;
    char where[80];
    if (!err || err->at == WN_NOWHERE || !wn_object_line(obj, i, err->at, &line) || !line.line)
        return;
    const char *slash = strrchr(line.file, '/');
    snprintf(where, sizeof where, " (%.60s:%u)", slash ? slash + 1 : line.file, line.line);
    size_t len = strlen(err->text);
    if (len + strlen(where) < sizeof err->text)
        memcpy(err->text + len, where, strlen(where) + 1);
}

/** Make one program; program arrays are not filled. */
static int load_one(struct wn_object *obj, size_t i, const struct wn_prog_opts *opts,
                    struct wn_prog **out, struct wn_error *err)
{
    WN_OWN(bound) struct wn_bound bound = {0};
    const struct wn_elf_prog *p = &obj->progs.data[i];
    struct wn_prog_opts typed = opts ? *opts : (struct wn_prog_opts){0};
    if (typed.type == 0 && p->type == WN_OBJECT_NO_TYPE)
        return wn_elf_refuse_section(p->section, err);
    if (typed.type == 0)
        typed.type = (enum wn_prog_type)p->type;
    int r = wn_prog_bind_object(obj, i, &bound, err);
    if (r)
        return r;
    struct wn_prog_env env = {
        .name = *p->name ? p->name : p->section,
        .maps = bound.maps,
        .n_maps = bound.n_maps,
        .n_more = bound.n_more,
    };
    r = wn_prog_make(bound.slots, bound.count, &typed, &env, out, err);
    if (r)
        add_line(obj, i, err);
    return r;
}

/** Programs of an object that are made for its program arrays; by number. */
struct made {
    struct wn_prog **progs;
    size_t n;
};

static inline void wn_own_made(struct made *made)
{
    for (size_t i = 0; made->progs && i < made->n; i++)
        wn_prog_free(made->progs[i]);
    free(made->progs);
}

static int fill_array(struct wn_object *obj, struct wn_elf_map *map, struct made *made,
                      const struct wn_prog_opts *opts, struct wn_error *err)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < map->n_inits; i++) {
        const struct wn_elf_init *init = &obj->inits.data[map->inits + i];
        struct wn_prog **prog = &made->progs[init->target];
        struct wn_error why = {0};
        r = *prog ? 0 : load_one(obj, init->target, opts, prog, &why);
        if (r)
            return wn_fail(err, r, WN_NOWHERE, "map '%.30s', program '%.30s': %s", map->name,
                           obj->progs.data[init->target].name, why.text);
        r = wn_map_set_prog(map->live, init->at, *prog);
        if (r)
            return wn_fail(err, r, WN_NOWHERE, "map '%.60s' does not take a program: %s", map->name,
                           wn_strerror(r));
    }
    map->filled = true;
    return 0;
}

/** A program array that has been made and lacks its programs; NULL if there is none. */
static struct wn_elf_map *unfilled(const struct wn_object *obj)
{
    for (size_t k = 0; k < obj->maps.len; k++) {
        struct wn_elf_map *map = &obj->maps.data[k];
        if (map->kind != WN_OBJECT_MAP_DATA && map->live && !map->filled && map->n_inits)
            return map;
    }
    return NULL;
}

/** Put programs into the arrays that have been made and are to have some at first. */
static int fill_arrays(struct wn_object *obj, const struct wn_prog_opts *opts, struct wn_error *err)
{
    WN_OWN(made) struct made made = {NULL, obj->progs.len};
    struct wn_elf_map *map = unfilled(obj);
    int r = 0;
    if (!map)
        return 0;
    made.progs = calloc(made.n, sizeof(struct wn_prog *));
    if (!made.progs)
        return no_memory(err);
    for (; r == 0 && map; map = unfilled(obj)) /* its programs may have made others */
        r = fill_array(obj, map, &made, opts, err);
    return r;
}

int wn_prog_load(struct wn_object *obj, const char *name, const struct wn_prog_opts *opts,
                 struct wn_prog **out, struct wn_error *err)
{
    int i = wn_object_find(obj, name, err);
    if (i < 0)
        return i;
    WN_OWN(prog) struct wn_prog *prog = NULL;
    int r = load_one(obj, (size_t)i, opts, &prog, err);
    if (r == 0)
        r = fill_arrays(obj, opts, err);
    if (r == 0)
        *out = wn_give(prog);
    return r;
}
