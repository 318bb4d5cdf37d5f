/* SPDX-License-Identifier: MIT */
/** The maps of an object: what it defines, and what its variables live in. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <winnow/map.h>

#include "base/own.h"
#include "base/reader.h"
#include "base/vec.h"
#include "elf/object.h"

#define RELOC_ABS64 2u /* R_BPF_64_ABS64 */

/** Words of struct bpf_map_def: type, key_size, value_size, max_entries, map_flags. */
enum { LEGACY_WORDS = 5, LEGACY_BYTES = 4 * LEGACY_WORDS };

static bool is_legacy(const struct wn_elf_section *s)
{
    return s->data && s->type == SHT_PROGBITS && !(s->flags & SHF_EXECINSTR) &&
           (strcmp(s->name, "maps") == 0 || strncmp(s->name, "maps/", 5) == 0);
}

/** Whether a section holds variables. */
static bool is_data(const struct wn_elf_section *s)
{
    static const char *const not_data[] = {"license", "version", WN_MAP_SECTION, ".eh_frame"};
    if (!(s->flags & SHF_ALLOC) || s->flags & SHF_EXECINSTR || s->size == 0 || is_legacy(s))
        return false;
    for (size_t i = 0; i < sizeof not_data / sizeof *not_data; i++)
        if (strcmp(s->name, not_data[i]) == 0)
            return false;
    return s->type == SHT_PROGBITS || s->type == SHT_NOBITS;
}

bool wn_elf_read_only(const struct wn_object *obj, const struct wn_elf_map *map)
{
    const struct wn_elf_section *s = &obj->elf.sections[map->section];
    /* Constants with relocations are writable to a dynamic linker; there is none here. */
    bool sealed = strncmp(s->name, ".data.rel.ro", 12) == 0;
    return map->kind == WN_OBJECT_MAP_DATA && (!(s->flags & SHF_WRITE) || sealed);
}

uint32_t wn_elf_entries(uint32_t type, uint32_t wanted)
{
    uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    if (type != WN_MAP_RINGBUF || wanted == 0)
        return wanted;
    while (bytes < wanted)
        bytes *= 2;
    return bytes > UINT32_MAX ? wanted : (uint32_t)bytes;
}

static int add_map(struct wn_object *obj, struct wn_elf_map *map, struct wn_error *err)
{
    if (obj->maps.len == WN_OBJECT_MAX_MAPS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "more than %u maps", WN_OBJECT_MAX_MAPS);
    struct wn_map_shape *shape = &map->def.shape;
    shape->max_entries = wn_elf_entries(shape->type, shape->max_entries);
    if (obj->has_btf) {
        struct wn_error why = {0};
        if (wn_map_def_find_lock(&obj->btf, map->name, shape, &why) && !map->refused.code)
            map->refused = why;
        map->key_type = wn_elf_type_name(&obj->btf, shape->key_type);
        map->value_type = wn_elf_type_name(&obj->btf, shape->value_type);
        if (!map->key_type || !map->value_type || !wn_vec_push(&obj->maps, *map)) {
            free(map->key_type);
            free(map->value_type);
            return wn_elf_no_memory(err);
        }
        return 0;
    }
    return wn_vec_push(&obj->maps, *map) ? 0 : wn_elf_no_memory(err);
}

static int add_data(struct wn_object *obj, uint32_t section, struct wn_error *err)
{
    const struct wn_elf_section *s = &obj->elf.sections[section];
    if (s->size > UINT32_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "section '%.60s' is longer than 4 GiB",
                       s->name);
    struct wn_elf_map map = {
        .name = s->name,
        .kind = WN_OBJECT_MAP_DATA,
        .section = section,
        .bytes = (uint32_t)s->size,
        .first = s->type == SHT_NOBITS ? NULL : s->data,
    };
    map.def.shape = (struct wn_map_shape){
        .type = WN_MAP_ARRAY,
        .key_bytes = 4,
        .value_bytes = map.bytes,
        .max_entries = 1,
        .flags = wn_elf_read_only(obj, &map) ? WN_MAP_RDONLY_PROG : 0,
    };
    return add_map(obj, &map, err);
}

/** Whether a symbol names a map in a section of maps. */
static bool names_map(const struct wn_elf_symbol *s, uint32_t section)
{
    return s->section == section && s->type != STT_SECTION && s->type != STT_FILE && s->name[0];
}

/** Definitions that no types describe: there are maps, but nobody knows what they are. */
static int add_undescribed(struct wn_object *obj, uint32_t section, struct wn_error *err)
{
    for (uint32_t i = 0; i < obj->elf.n_symbols; i++) {
        const struct wn_elf_symbol *s = &obj->elf.symbols[i];
        struct wn_elf_map map = {.name = s->name, .kind = WN_OBJECT_MAP_BTF, .section = section};
        if (!names_map(s, section) || s->value >= obj->elf.sections[section].size)
            continue;
        map.offset = (uint32_t)s->value;
        wn_fail(&map.refused, WN_E_FORMAT, WN_NOWHERE,
                "map '%.60s' is described by no types: compile with -g", s->name);
        int r = add_map(obj, &map, err);
        if (r)
            return r;
    }
    return 0;
}

/** The definitions of section .maps, which types describe. */
static int add_defined(struct wn_object *obj, uint32_t section, struct wn_error *err)
{
    const struct wn_elf_section *s = &obj->elf.sections[section];
    uint32_t id = obj->has_btf ? wn_btf_find(&obj->btf, WN_MAP_SECTION, WN_BTF_DATASEC) : 0;
    if (!id)
        return add_undescribed(obj, section, err);
    if (s->size > UINT32_MAX)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "section .maps is too long");
    for (uint32_t i = 0; i < obj->btf.types[id].count; i++) {
        struct wn_btf_secvar var = wn_btf_secvar(&obj->btf, id, i);
        struct wn_elf_map map = {.kind = WN_OBJECT_MAP_BTF, .section = section};
        int r = wn_map_def_parse(&obj->btf, var.type, &map.def, err);
        if (r)
            return r;
        map.name = map.def.name;
        map.offset = var.offset;
        map.bytes = var.bytes;
        if (var.offset > s->size || s->size - var.offset < var.bytes)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "map '%.60s' lies outside its section",
                           map.name);
        if (map.def.holds == WN_MAP_HOLDS_DATA)
            map.def.n_values = 0;
        r = add_map(obj, &map, err);
        if (r)
            return r;
    }
    return 0;
}

/** Each symbol of section maps is a struct bpf_map_def, or begins like one. */
static int add_legacy(struct wn_object *obj, uint32_t section, struct wn_error *err)
{
    const struct wn_elf_section *s = &obj->elf.sections[section];
    for (uint32_t i = 0; i < obj->elf.n_symbols; i++) {
        const struct wn_elf_symbol *symbol = &obj->elf.symbols[i];
        if (!names_map(symbol, section))
            continue;
        if (symbol->value > s->size || s->size - symbol->value < LEGACY_BYTES ||
            (symbol->size && symbol->size < LEGACY_BYTES))
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                           "map '%.60s': fewer than %d bytes, so no struct bpf_map_def",
                           symbol->name, LEGACY_BYTES);
        struct wn_reader r = wn_reader_init(s->data + symbol->value, LEGACY_BYTES, obj->elf.big);
        struct wn_elf_map map = {.name = symbol->name,
                                 .kind = WN_OBJECT_MAP_LEGACY,
                                 .section = section,
                                 .offset = (uint32_t)symbol->value,
                                 .bytes = LEGACY_BYTES};
        struct wn_map_shape *shape = &map.def.shape;
        shape->type = wn_reader_u32(&r);
        shape->key_bytes = wn_reader_u32(&r);
        shape->value_bytes = wn_reader_u32(&r);
        shape->max_entries = wn_reader_u32(&r);
        shape->flags = wn_reader_u32(&r);
        int result = add_map(obj, &map, err);
        if (result)
            return result;
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct wn_elf_map *m = a, *n = b;
    if (m->section != n->section)
        return m->section < n->section ? -1 : 1;
    return m->offset < n->offset ? -1 : m->offset > n->offset;
}

/** Tell the linker; no two may be at one place. */
static int settle(struct wn_object *obj, struct wn_error *err)
{
    struct wn_link *link = &obj->link;
    size_t n = obj->maps.len;
    if (n)
        qsort(obj->maps.data, n, sizeof *obj->maps.data, by_place);
    link->maps = calloc(n ? n : 1, sizeof *link->maps);
    if (!link->maps)
        return wn_elf_no_memory(err);
    link->n_maps = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct wn_elf_map *m = &obj->maps.data[i];
        bool last = i + 1 == n || m[1].section != m->section;
        if (m->kind == WN_OBJECT_MAP_BTF) /* initial values may follow what types say */
            m->bytes =
                (last ? (uint32_t)obj->elf.sections[m->section].size : m[1].offset) - m->offset;
        if (i && by_place(m - 1, m) == 0)
            return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "maps '%.50s' and '%.50s' are one",
                           m[-1].name, m->name);
        link->maps[i] =
            (struct wn_link_map){m->section, m->offset, m->bytes, m->kind == WN_OBJECT_MAP_DATA};
    }
    return 0;
}

int wn_elf_read_maps(struct wn_object *obj, struct wn_error *err)
{
    bool defined = false;
    for (uint32_t i = 1; i < obj->elf.n_sections; i++) {
        const struct wn_elf_section *s = &obj->elf.sections[i];
        int r = 0;
        if (is_data(s))
            r = add_data(obj, i, err);
        else if (is_legacy(s))
            r = add_legacy(obj, i, err);
        else if (!defined && s->data && strcmp(s->name, WN_MAP_SECTION) == 0) {
            defined = true;
            r = add_defined(obj, i, err);
        }
        if (r)
            return r;
    }
    return settle(obj, err);
}

/* ---- what maps hold at first */

/** Note that a map cannot be made, unless that is known already. */
static void refuse_map(struct wn_elf_map *map, const struct wn_error *why)
{
    if (map->refused.code == 0)
        map->refused = *why;
}

/** The map that a byte of a section is in; NULL if there is none. */
static struct wn_elf_map *map_around(struct wn_object *obj, uint32_t section, uint64_t byte)
{
    for (size_t low = 0, high = obj->maps.len; low < high;) {
        size_t mid = low + (high - low) / 2;
        struct wn_elf_map *m = &obj->maps.data[mid];
        if (m->section == section && byte >= m->offset && byte - m->offset < m->bytes)
            return m;
        if (m->section < section || (m->section == section && m->offset <= byte))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/** Which initial value of a map stands at a byte of its section. */
static int read_element(const struct wn_elf_map *map, const struct wn_elf_symbol *symbol,
                        uint64_t byte, struct wn_elf_init *init, struct wn_error *err)
{
    uint64_t at = byte - map->offset;
    if (map->def.holds == WN_MAP_HOLDS_DATA || at < map->def.values_at ||
        (at - map->def.values_at) % 8)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE, "map '%.60s': initial values out of place",
                       map->name);
    at = (at - map->def.values_at) / 8;
    if (at >= map->def.shape.max_entries)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "map '%.40s': value '%.40s' is number %llu of %u", map->name, symbol->name,
                       (unsigned long long)at, map->def.shape.max_entries);
    init->at = (uint32_t)at;
    return 0;
}

/** A map in a map of maps. */
static int read_map(const struct wn_object *obj, const struct wn_elf_map *map,
                    const struct wn_elf_symbol *symbol, uint64_t byte, struct wn_elf_init *init,
                    struct wn_error *err)
{
    int r = read_element(map, symbol, byte, init, err);
    bool here = symbol->section < obj->elf.n_sections;
    init->target = here ? wn_link_find_map(&obj->link, symbol->section, symbol->value) : UINT32_MAX;
    if (r == 0 && (init->target >= obj->link.n_maps || obj->link.maps[init->target].data))
        r = wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                    "map '%.50s': '%.50s', an initial value, is no map of this object", map->name,
                    symbol->name);
    return r;
}

/** A program in a prog array. */
static int read_program(const struct wn_object *obj, const struct wn_elf_map *map,
                        const struct wn_elf_symbol *symbol, uint64_t byte, struct wn_elf_init *init,
                        struct wn_error *err)
{
    int r = read_element(map, symbol, byte, init, err);
    uint32_t func = symbol->section < obj->elf.n_sections
                        ? wn_link_find_func(&obj->link, symbol->section, symbol->value)
                        : obj->link.n_funcs;
    if (r)
        return r;
    size_t low = 0, high = obj->progs.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (obj->progs.data[mid].func < func)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < obj->progs.len && obj->progs.data[low].func == func) {
        init->target = (uint32_t)low;
        return 0;
    }
    return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                   "map '%.50s': '%.50s', an initial value, is no program of this object",
                   map->name, symbol->name);
}

/** An address among variables: that of another one. */
static int read_address(const struct wn_object *obj, const struct wn_elf_map *map,
                        const struct wn_elf_reloc *reloc, struct wn_elf_init *init,
                        struct wn_error *err)
{
    const struct wn_elf_symbol *symbol = &obj->elf.symbols[reloc->symbol];
    if (map->bytes - reloc->offset < sizeof(uint64_t) || !map->first)
        return wn_fail(err, WN_E_FORMAT, WN_NOWHERE,
                       "section '%.40s': relocation outside the section", map->name);
    struct wn_reader r = wn_reader_init(map->first + reloc->offset, 8, obj->elf.big);
    uint64_t place = symbol->value + wn_reader_u64(&r) + (uint64_t)reloc->addend;
    bool here = symbol->section < obj->elf.n_sections;
    uint32_t target = here ? wn_link_find_map(&obj->link, symbol->section, place) : UINT32_MAX;
    if (target < obj->link.n_maps && obj->link.maps[target].data) {
        init->at = (uint32_t)reloc->offset;
        init->target = target;
        init->offset = (uint32_t)place;
        return 0;
    }
    if (here && obj->link.code[symbol->section].n)
        return wn_fail(err, WN_E_UNSUPPORTED, WN_NOWHERE,
                       "section '%.40s': addresses of functions in variables are not supported",
                       map->name);
    return wn_link_refuse(&obj->link, symbol, map->name, err);
}

/** Read one relocation of a section of maps or variables; what is wrong is that map's matter. */
static int read_init(struct wn_object *obj, uint32_t section, const struct wn_elf_reloc *reloc,
                     struct wn_error *err)
{
    struct wn_elf_map *map = map_around(obj, section, reloc->offset);
    const struct wn_elf_symbol *symbol = &obj->elf.symbols[reloc->symbol];
    struct wn_error why = {0};
    if (!map || reloc->type == 0)
        return 0;
    struct wn_elf_init init = {.map = (uint32_t)(map - obj->maps.data)};
    bool weak = symbol->section == SHN_UNDEF && symbol->bind == STB_WEAK;
    if (weak)
        return 0;
    if (reloc->type != RELOC_ABS64)
        wn_fail(&why, WN_E_UNSUPPORTED, WN_NOWHERE, "section '%.40s': relocation of type %u",
                obj->elf.sections[section].name, reloc->type);
    else if (map->kind == WN_OBJECT_MAP_DATA)
        read_address(obj, map, reloc, &init, &why);
    else if (map->def.holds == WN_MAP_HOLDS_PROGS)
        read_program(obj, map, symbol, reloc->offset, &init, &why);
    else
        read_map(obj, map, symbol, reloc->offset, &init, &why);
    if (why.code)
        refuse_map(map, &why);
    else if (!wn_vec_push(&obj->inits, init))
        return wn_elf_no_memory(err);
    return 0;
}

static int by_map(const void *a, const void *b)
{
    const struct wn_elf_init *m = a, *n = b;
    if (m->map != n->map)
        return m->map < n->map ? -1 : 1;
    return m->at < n->at ? -1 : m->at > n->at;
}

int wn_elf_read_inits(struct wn_object *obj, struct wn_error *err)
{
    for (uint32_t i = 1; i < obj->elf.n_sections; i++) {
        const struct wn_elf_section *s = &obj->elf.sections[i];
        uint64_t n = s->info < obj->elf.n_sections ? wn_elf_reloc_count(s) : 0;
        if (n == 0 || obj->link.code[s->info].n)
            continue;
        for (uint64_t k = 0; k < n; k++) {
            struct wn_elf_reloc reloc;
            int r = wn_elf_reloc(&obj->elf, s, k, &reloc, err);
            if (r == 0)
                r = read_init(obj, s->info, &reloc, err);
            if (r)
                return r;
        }
    }
    if (obj->inits.len)
        qsort(obj->inits.data, obj->inits.len, sizeof *obj->inits.data, by_map);
    for (size_t i = obj->inits.len; i-- > 0;) {
        struct wn_elf_map *map = &obj->maps.data[obj->inits.data[i].map];
        map->inits = (uint32_t)i;
        map->n_inits++;
    }
    return 0;
}
