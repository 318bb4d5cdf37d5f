/* SPDX-License-Identifier: MIT */
#include "daemon/filter_maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag.h"
#include "common/map_text.h"
#include "common/nearest.h"
#include "common/own.h"
#include "common/variables.h"

#define GUESSES_MAX 256 /* maps looked at for a guess */

/* A file that a map is filled from. */
struct source_file {
    char *map, *path;
    struct map_file *file;
    bool goes_on; /* the map does, as it is, and had been filled from such a file */
};

/* What is copied from a map that ran before, once there is one to copy to. */
struct moving {
    const char *map; /* the object's */
    struct wn_map *from;
    const struct map_file *file; /* that it had been filled from; NULL */
};

struct filter_maps {
    struct wn_object *object;
    struct source_file *files;
    size_t n_files;
    struct moving *moving; /* between filter_maps_new() and filter_maps_fill() */
    size_t n_moving;
};

OWN_BY(filter_maps, struct filter_maps, filter_maps_free)
OWN_BY(map_file, struct map_file, map_file_close)

static void forget_moving(struct filter_maps *maps)
{
    for (size_t i = 0; i < maps->n_moving; i++)
        wn_map_free(maps->moving[i].from);
    free(give(maps->moving));
    maps->n_moving = 0;
}

void filter_maps_free(struct filter_maps *maps)
{
    if (!maps)
        return;
    forget_moving(maps);
    for (size_t i = 0; i < maps->n_files; i++) {
        free(maps->files[i].map);
        free(maps->files[i].path);
        map_file_close(maps->files[i].file);
    }
    free(maps->files);
    free(maps);
}

struct wn_object *filter_maps_object(const struct filter_maps *maps)
{
    return maps ? maps->object : NULL;
}

/* ---- what is wrong */

/* What to do stands behind a semicolon. */
static void say(struct diag_list *diags, enum diag_code code, struct diag_place at,
                const struct wn_error *err)
{
    char text[sizeof err->text];
    snprintf(text, sizeof text, "%s", err->text);
    char *hint = strstr(text, "; ");
    if (hint) {
        *hint = '\0';
        hint += 2;
    }
    diag_add(diags, code, at, hint, "%s", text);
}

/* About a key of the filter, where it stands; the command line has no keys. */
static void complain(const struct conf_filter *conf, const char *pattern,
                     const struct conf_setting *s, enum diag_code code, const struct wn_error *err,
                     struct diag_list *diags)
{
    OWN(free) char *section = NULL;
    OWN(free) char *key = NULL;
    const struct conf_origin *origin = s ? &s->origin : &conf->origin;
    struct diag_place at = {
        .file = origin->file, .line = origin->line, .column = origin->file != 0};
    const char *star = strchr(pattern, '*');
    if (origin->file && asprintf(&section, "filter %s", conf->name) > 0)
        at.section = section;
    if (origin->file && star && s &&
        asprintf(&key, "%.*s%s%s", (int)(star - pattern), pattern, s->name, star + 1) > 0)
        at.key = key;
    else if (origin->file && !star)
        at.key = pattern;
    say(diags, code, at, err);
}

static int complain_of_all(const struct conf_filter *conf, const char *pattern,
                           const struct conf_settings *settings, enum diag_code code,
                           const char *what, struct diag_list *diags)
{
    int rc = 0;
    for (size_t i = 0; i < settings->n; i++) {
        struct wn_error err;
        rc = wn_fail(&err, WN_E_REJECTED, WN_NOWHERE, "%.60s: only objects have %s",
                     settings->items[i].name, what);
        complain(conf, pattern, &settings->items[i], code, &err, diags);
    }
    return rc;
}

int filter_maps_none(const struct conf_filter *conf, struct diag_list *diags)
{
    const struct {
        const char *pattern;
        const struct conf_settings *settings;
        enum diag_code code;
        const char *what;
    } kinds[] = {{"const.*", &conf->consts, DIAG_P107, "variables"},
                 {"map.*.file", &conf->map_files, DIAG_P104, "maps"},
                 {"map.*.max_entries", &conf->map_entries, DIAG_P104, "maps"},
                 {"map.*.private", &conf->map_private, DIAG_P104, "maps"}};
    int result = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int rc = complain_of_all(conf, kinds[i].pattern, kinds[i].settings, kinds[i].code,
                                 kinds[i].what, diags);
        result = result ? result : rc;
    }
    return result;
}

/* ---- keys that name a map or a variable */

/* The map's number, or a negative code; one of a similar name may have been meant. */
static int find_map(const struct wn_object *object, const char *name, struct wn_error *err)
{
    const char *names[GUESSES_MAX];
    struct wn_object_map map;
    size_t n = 0;
    int number = wn_object_find_map(object, name, err);
    if (number != -ENOENT)
        return number;
    for (size_t i = 0; i < wn_object_map_count(object) && n < GUESSES_MAX; i++) {
        wn_object_describe_map(object, i, &map);
        names[n++] = map.name;
    }
    const char *near = nearest_find(name, names, n);
    return near ? wn_fail(err, number, WN_NOWHERE,
                          "no map is called '%.40s'; did you mean '%.40s'?", name, near)
                : wn_fail(err, number, WN_NOWHERE, "no map is called '%.60s'", name);
}

static int set_sizes(struct wn_object *object, const struct conf_filter *conf,
                     struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < conf->map_entries.n; i++) {
        const struct conf_setting *s = &conf->map_entries.items[i];
        struct wn_error err;
        int rc = find_map(object, s->name, &err);
        if (rc >= 0)
            rc = wn_object_resize_map(object, s->name, (uint32_t)s->number, &err);
        if (rc < 0)
            complain(conf, "map.*.max_entries", s, DIAG_P104, &err, diags);
        result = rc < 0 ? WN_E_REJECTED : result;
    }
    return result;
}

static int set_variables(struct wn_object *object, const struct conf_filter *conf,
                         struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < conf->consts.n; i++) {
        const struct conf_setting *s = &conf->consts.items[i];
        struct wn_error err;
        int rc = variables_set(object, s->name, s->text, &err);
        if (rc < 0)
            complain(conf, "const.*", s, DIAG_P107, &err, diags);
        result = rc < 0 ? WN_E_REJECTED : result;
    }
    return result;
}

static int check_private(const struct wn_object *object, const struct conf_filter *conf,
                         struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < conf->map_private.n; i++) {
        struct wn_error err;
        int rc = find_map(object, conf->map_private.items[i].name, &err);
        if (rc < 0)
            complain(conf, "map.*.private", &conf->map_private.items[i], DIAG_P104, &err, diags);
        result = rc < 0 ? WN_E_REJECTED : result;
    }
    return result;
}

/* ---- files */

/* About what a file says: that file is the place, and the key is told behind it. */
static void complain_of_file(const struct conf_filter *conf, const struct source_file *f,
                             const struct wn_error *err, struct diag_list *diags)
{
    OWN(free) char *section = NULL;
    OWN(free) char *key = NULL;
    struct diag_place at = {.file = f->path, .line = err->at == WN_NOWHERE ? 0 : err->at};
    if (conf->origin.file && asprintf(&section, "filter %s", conf->name) > 0 &&
        asprintf(&key, "map.%s.file", f->map) > 0) {
        at.section = section;
        at.key = key;
    }
    at.column = at.line ? 1 : 0;
    say(diags, DIAG_P121, at, err);
}

static int read_file(struct filter_maps *maps, const struct conf_setting *s,
                     const struct conf_filter *conf, struct diag_list *diags)
{
    struct source_file *f = &maps->files[maps->n_files];
    struct wn_error err;
    int rc = find_map(maps->object, s->name, &err);
    if (rc < 0) {
        complain(conf, "map.*.file", s, DIAG_P104, &err, diags);
        return WN_E_REJECTED;
    }
    maps->n_files++;
    f->map = strdup(s->name);
    f->path = strdup(s->text);
    if (!f->map || !f->path)
        return -ENOMEM;
    rc = map_file_open(f->path, &f->file, &err);
    if (rc < 0)
        complain_of_file(conf, f, &err, diags);
    return rc;
}

static int read_files(struct filter_maps *maps, const struct conf_filter *conf,
                      struct diag_list *diags)
{
    int result = 0;
    maps->files = calloc(conf->map_files.n + 1, sizeof *maps->files);
    if (!maps->files)
        return -ENOMEM;
    for (size_t i = 0; i < conf->map_files.n; i++) {
        int rc = read_file(maps, &conf->map_files.items[i], conf, diags);
        result = result ? result : rc;
    }
    return result;
}

static struct source_file *file_of(const struct filter_maps *maps, const char *map)
{
    for (size_t i = 0; i < maps->n_files; i++)
        if (strcmp(maps->files[i].map, map) == 0)
            return &maps->files[i];
    return NULL;
}

bool filter_maps_fresh(const struct filter_maps *maps)
{
    bool fresh = true;
    for (size_t i = 0; fresh && maps && i < maps->n_files; i++) {
        OWN(map_file) struct map_file *now = NULL;
        struct wn_error err;
        fresh = map_file_open(maps->files[i].path, &now, &err) == 0 &&
                map_file_equal(maps->files[i].file, now);
    }
    return fresh;
}

/* ---- what goes on */

/* Does it hold only what the object and the loader put there? */
static bool made_by_loader(uint32_t type)
{
    return type == WN_MAP_PROG_ARRAY || type == WN_MAP_ARRAY_OF_MAPS || type == WN_MAP_HASH_OF_MAPS;
}

/* Can its contents be read and set again, entry by entry? */
static bool can_be_copied(uint32_t type)
{
    switch (type) {
    case WN_MAP_HASH:
    case WN_MAP_ARRAY:
    case WN_MAP_PERCPU_HASH:
    case WN_MAP_PERCPU_ARRAY:
    case WN_MAP_DEVMAP:
    case WN_MAP_DEVMAP_HASH:
    case WN_MAP_CPUMAP:
    case WN_MAP_XSKMAP:
    case WN_MAP_LRU_HASH:
    case WN_MAP_LPM_TRIE:
    case WN_MAP_LRU_PERCPU_HASH: return true;
    default: return false;
    }
}

/* Whether the shape allows it to go on; more room does, where it can be copied. */
static int compare(const struct wn_object_map *now, const struct wn_object_map *then,
                   struct wn_error *err)
{
    const struct {
        const char *what;
        uint32_t now, then;
    } parts[] = {{"key size", now->key_bytes, then->key_bytes},
                 {"value size", now->value_bytes, then->value_bytes},
                 {"set of flags", now->flags, then->flags}};
    if (now->type != then->type)
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "map '%.40s' cannot go on: its type is %.20s, and was %.20s; "
                       "maps = reset begins anew",
                       now->name, now->type_name ? now->type_name : "unknown",
                       then->type_name ? then->type_name : "unknown");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].now != parts[i].then)
            return wn_fail(err, -EINVAL, WN_NOWHERE,
                           "map '%.40s' cannot go on: its %s is %u, and was %u; "
                           "maps = reset begins anew",
                           now->name, parts[i].what, parts[i].now, parts[i].then);
    if (now->max_entries < then->max_entries ||
        (now->max_entries > then->max_entries && !can_be_copied(now->type)))
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "map '%.40s' cannot go on: its number of entries is %u, and was %u; "
                       "maps = reset begins anew",
                       now->name, now->max_entries, then->max_entries);
    return 0;
}

static int keep_map(struct filter_maps *maps, const struct wn_object_map *now,
                    const struct filter_maps *before, struct wn_error *err)
{
    struct wn_object_map then;
    struct wn_error none;
    int number = wn_object_find_map(before->object, now->name, &none);
    if (number < 0)
        return 0;
    wn_object_describe_map(before->object, (size_t)number, &then);
    if (!then.live || then.kind == WN_OBJECT_MAP_DATA)
        return 0;
    int rc = compare(now, &then, err);
    if (rc < 0)
        return rc;
    struct source_file *file = file_of(maps, now->name);
    const struct source_file *file_then = file_of(before, now->name);
    bool same_file = !file || (file_then && map_file_equal(file->file, file_then->file));
    if (now->max_entries == then.max_entries && same_file) {
        if (file)
            file->goes_on = true;
        return wn_object_use_map(maps->object, now->name, then.live, err);
    }
    if (!can_be_copied(now->type))
        return wn_fail(err, -EINVAL, WN_NOWHERE,
                       "map '%.40s' cannot go on and take another file; maps = reset begins anew",
                       now->name);
    maps->moving[maps->n_moving++] = (struct moving){.map = now->name,
                                                     .from = wn_map_ref(then.live),
                                                     .file = file_then ? file_then->file : NULL};
    return 0;
}

static int keep_maps(struct filter_maps *maps, const struct conf_filter *conf,
                     const struct filter_maps *before, struct diag_list *diags)
{
    size_t n = wn_object_map_count(maps->object);
    int result = 0;
    maps->moving = calloc(n + 1, sizeof *maps->moving);
    if (!maps->moving)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct wn_object_map map;
        struct wn_error err;
        wn_object_describe_map(maps->object, i, &map);
        if (map.kind == WN_OBJECT_MAP_DATA || made_by_loader(map.type))
            continue;
        int rc = keep_map(maps, &map, before, &err);
        if (rc < 0)
            complain(conf, "maps", NULL, DIAG_P120, &err, diags);
        result = result ? result : rc;
    }
    return result;
}

/* ---- variables that go on */

/* The number of variables that programs may write in the section of a map. */
static size_t writable(const struct wn_object *object, uint32_t map)
{
    size_t n = 0;
    for (size_t i = 0; i < wn_object_var_count(object); i++) {
        struct wn_object_var var;
        wn_object_describe_var(object, i, &var);
        n += var.map == map && !var.read_only;
    }
    return n;
}

/* Whether each variable of the section is where one of the same name and size was. */
static int compare_variables(const struct wn_object *now, uint32_t map,
                             const struct wn_object *then, struct wn_error *err)
{
    for (size_t i = 0; i < wn_object_var_count(now); i++) {
        struct wn_object_var a, b;
        struct wn_error none;
        wn_object_describe_var(now, i, &a);
        if (a.map != map)
            continue;
        int number = wn_object_find_var(then, a.name, &none);
        if (number < 0)
            return wn_fail(err, -EINVAL, WN_NOWHERE,
                           "variables cannot go on: '%.40s' is new; globals = reset begins anew",
                           a.name);
        wn_object_describe_var(then, (size_t)number, &b);
        if (a.bytes != b.bytes || a.offset != b.offset || strcmp(a.section, b.section) != 0)
            return wn_fail(err, -EINVAL, WN_NOWHERE,
                           "variables cannot go on: '%.40s' has another size or place; "
                           "globals = reset begins anew",
                           a.name);
    }
    return 0;
}

static int keep_section(struct filter_maps *maps, uint32_t i, const struct wn_object_map *now,
                        const struct filter_maps *before, struct wn_error *err)
{
    struct wn_object_map then;
    struct wn_error none;
    int number = wn_object_find_map(before->object, now->name, &none);
    if (number < 0 || !writable(maps->object, i))
        return 0;
    wn_object_describe_map(before->object, (size_t)number, &then);
    if (!then.live)
        return 0;
    int rc = compare_variables(maps->object, i, before->object, err);
    if (rc == 0 && writable(maps->object, i) != writable(before->object, (uint32_t)number))
        rc = wn_fail(err, -EINVAL, WN_NOWHERE,
                     "variables cannot go on: section %.20s has lost one; "
                     "globals = reset begins anew",
                     now->name);
    return rc ? rc : wn_object_use_map(maps->object, now->name, then.live, err);
}

static int keep_variables(struct filter_maps *maps, const struct conf_filter *conf,
                          const struct filter_maps *before, struct diag_list *diags)
{
    int result = 0;
    for (uint32_t i = 0; i < wn_object_map_count(maps->object); i++) {
        struct wn_object_map map;
        struct wn_error err;
        wn_object_describe_map(maps->object, i, &map);
        int rc = map.kind == WN_OBJECT_MAP_DATA ? keep_section(maps, i, &map, before, &err) : 0;
        if (rc < 0)
            complain(conf, "globals", NULL, DIAG_P120, &err, diags);
        result = result ? result : rc;
    }
    return result;
}

int filter_maps_new(struct wn_object *object, const struct conf_filter *conf,
                    const struct filter_maps *before, struct filter_maps **out,
                    struct diag_list *diags)
{
    OWN(filter_maps) struct filter_maps *maps = calloc(1, sizeof *maps);
    if (!maps)
        return -ENOMEM;
    maps->object = object;
    int codes[] = {set_variables(object, conf, diags), set_sizes(object, conf, diags),
                   check_private(object, conf, diags), read_files(maps, conf, diags)};
    int rc = 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        rc = rc ? rc : codes[i];
    if (rc == 0 && before && conf->maps == STATE_KEEP)
        rc = keep_maps(maps, conf, before, diags);
    if (rc == 0 && before && conf->globals == STATE_KEEP)
        rc = keep_variables(maps, conf, before, diags);
    if (rc == 0)
        *out = give(maps);
    return rc;
}

/* ---- filling */

static int copy(const struct map_text *to, struct wn_map *from, struct wn_error *err)
{
    OWN(free) uint8_t *key = malloc(to->info.key_bytes + 1u);
    OWN(free) uint8_t *value = malloc(to->info.lookup_bytes + 1u);
    if (!key || !value)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (int rc = wn_map_next(from, NULL, key); rc == 0; rc = wn_map_next(from, key, key)) {
        int code = wn_map_lookup(from, key, value);
        if (code == 0)
            code = wn_map_update(to->map.live, key, value, WN_MAP_ANY);
        if (code < 0 && code != -ENOENT)
            return wn_fail(err, code, WN_NOWHERE, "map '%.40s' cannot go on: %s", to->map.name,
                           map_text_why(to, code));
    }
    return 0;
}

static int copy_moving(struct filter_maps *maps, const struct conf_filter *conf,
                       struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < maps->n_moving; i++) {
        struct map_text to;
        struct wn_error err;
        int rc = map_text_find(maps->object, maps->moving[i].map, &to, &err);
        if (rc == 0)
            rc = copy(&to, maps->moving[i].from, &err);
        if (rc < 0)
            complain(conf, "maps", NULL, DIAG_P120, &err, diags);
        result = result ? result : rc;
    }
    return result;
}

/* What a map has been filled from that goes on as a copy; NULL: nothing, or it is new. */
static const struct map_file *filled_from(const struct filter_maps *maps, const char *map)
{
    for (size_t i = 0; i < maps->n_moving; i++)
        if (strcmp(maps->moving[i].map, map) == 0)
            return maps->moving[i].file;
    return NULL;
}

static int fill_from_files(struct filter_maps *maps, const struct conf_filter *conf,
                           struct diag_list *diags)
{
    int result = 0;
    for (size_t i = 0; i < maps->n_files; i++) {
        const struct source_file *f = &maps->files[i];
        struct map_text map;
        struct wn_error err;
        if (f->goes_on)
            continue;
        int rc = map_text_find(maps->object, f->map, &map, &err);
        if (rc < 0)
            err.at = WN_NOWHERE;
        else
            rc = map_file_fill(f->file, filled_from(maps, f->map), &map, &err);
        if (rc < 0)
            complain_of_file(conf, f, &err, diags);
        result = result ? result : rc;
    }
    return result;
}

int filter_maps_fill(struct filter_maps *maps, const struct conf_filter *conf,
                     struct diag_list *diags)
{
    int rc = copy_moving(maps, conf, diags);
    if (rc == 0)
        rc = fill_from_files(maps, conf, diags);
    forget_moving(maps);
    return rc;
}
