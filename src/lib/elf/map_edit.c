/* SPDX-License-Identifier: MIT */
/** Maps of an object before they are made: looked at, resized, replaced. */
#include <errno.h>
#include <string.h>

#include <winnow/map.h>

#include "elf/object.h"

const char *wn_elf_map_type_name(uint32_t type)
{
    static const char *const others[] = {
        [7] = "stack_trace",
        [8] = "cgroup_array",
        [15] = "sockmap",
        [18] = "sockhash",
        [19] = "cgroup_storage",
        [20] = "reuseport_sockarray",
        [21] = "percpu_cgroup_storage",
        [24] = "sk_storage",
        [26] = "struct_ops",
        [28] = "inode_storage",
        [29] = "task_storage",
        [31] = "user_ringbuf",
        [32] = "cgrp_storage",
        [33] = "arena",
    };
    const char *name = wn_map_type_name((enum wn_map_type)type);
    return name || type >= sizeof others / sizeof *others ? name : others[type];
}

size_t wn_object_map_count(const struct wn_object *obj)
{
    return obj->maps.len;
}

void wn_object_describe_map(const struct wn_object *obj, size_t i, struct wn_object_map *out)
{
    const struct wn_elf_map *m = &obj->maps.data[i];
    const struct wn_map_shape *shape = &m->def.shape;
    *out = (struct wn_object_map){
        .name = m->name,
        .kind = m->kind,
        .type = shape->type,
        .type_name = wn_elf_map_type_name(shape->type),
        .key_bytes = shape->key_bytes,
        .value_bytes = shape->value_bytes,
        .max_entries = shape->max_entries,
        .flags = shape->flags,
        .pinned = shape->pinning != 0,
        .key_type = shape->key_type ? m->key_type : "",
        .value_type = shape->value_type ? m->value_type : "",
        .refused = m->refused.code ? &m->refused : NULL,
        .live = m->live,
    };
}

static bool is_called(const struct wn_elf_map *m, const char *name)
{
    const char *dot = strchr(name, '.');
    return strcmp(m->name, name) == 0 ||
           (m->kind == WN_OBJECT_MAP_DATA && dot && strcmp(m->name, dot) == 0);
}

int wn_object_find_map(const struct wn_object *obj, const char *name, struct wn_error *err)
{
    size_t found = 0, at = 0;
    for (size_t i = 0; i < obj->maps.len; i++)
        if (is_called(&obj->maps.data[i], name)) {
            found++;
            at = i;
        }
    if (found == 0)
        return wn_fail(err, -ENOENT, WN_NOWHERE, "no map is called '%.60s'", name);
    if (found > 1)
        return wn_fail(err, WN_E_REJECTED, WN_NOWHERE, "%zu maps are called '%.60s'", found, name);
    return (int)at;
}

void wn_object_limit(struct wn_object *obj, const struct wn_object_limits *limits)
{
    obj->limits = *limits;
}

/** Find a map that can still be changed. */
static int find_unmade(struct wn_object *obj, const char *name, struct wn_elf_map **out,
                       struct wn_error *err)
{
    int i = wn_object_find_map(obj, name, err);
    if (i < 0)
        return i;
    *out = &obj->maps.data[i];
    if ((*out)->live)
        return wn_fail(err, -EBUSY, WN_NOWHERE, "map '%.60s' has been made already", name);
    return 0;
}

int wn_object_resize_map(struct wn_object *obj, const char *name, uint32_t max_entries,
                         struct wn_error *err)
{
    struct wn_elf_map *map = NULL;
    int r = find_unmade(obj, name, &map, err);
    if (r)
        return r;
    if (map->kind == WN_OBJECT_MAP_DATA)
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "'%.60s' is a section of variables, which has one entry", name);
    for (uint32_t i = 0; i < map->n_inits; i++)
        if (obj->inits.data[map->inits + i].at >= max_entries)
            return wn_fail(err, -EINVAL, WN_NOWHERE,
                           "map '%.60s' has an initial value at %u, so more than %u entries", name,
                           obj->inits.data[map->inits + i].at, max_entries);
    map->def.shape.max_entries = wn_elf_entries(map->def.shape.type, max_entries);
    return 0;
}

int wn_object_use_map(struct wn_object *obj, const char *name, struct wn_map *map,
                      struct wn_error *err)
{
    struct wn_elf_map *mine = NULL;
    struct wn_map_info has;
    int r = find_unmade(obj, name, &mine, err);
    if (r)
        return r;
    wn_map_info(map, &has);
    const struct wn_map_shape *want = &mine->def.shape;
    const struct {
        const char *what;
        uint32_t want, has;
    } parts[] = {
        {"type", want->type, has.type},
        {"key size", want->key_bytes, has.key_bytes},
        {"value size", want->value_bytes, has.value_bytes},
        {"number of entries", want->max_entries, has.max_entries},
        {"flags", want->flags, has.flags},
        {"place of the lock", want->has_lock ? want->lock_at + 1 : 0,
         has.has_lock ? has.lock_at + 1 : 0},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].want != parts[i].has)
            return wn_fail(err, -EINVAL, WN_NOWHERE, "map '%.60s': the %s is %u, not %u", name,
                           parts[i].what, parts[i].want, parts[i].has);
    mine->live = wn_map_ref(map);
    /* Its variables, and the maps in it, are as they are. */
    mine->filled = mine->kind == WN_OBJECT_MAP_DATA || mine->def.holds == WN_MAP_HOLDS_MAPS;
    return 0;
}
