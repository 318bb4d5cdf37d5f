/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_maps.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ctl_interface.h"
#include "common/map_text.h"
#include "common/nearest.h"
#include "common/own.h"
#include "daemon/ctl_cmds.h"
#include "daemon/ctl_json.h"
#include "daemon/engine.h"

#define CONTROL(name) CTL_INTERFACE "." name

#define REPLY_TEXT   (256u << 10) /* that a reply aims to stay below */
#define TEXT_A_BYTE  6            /* of a key or value, at most in most cases */
#define BATCH_MAX    65536        /* elements with the same hash, more or less */
#define GUESSES_MAX  256
#define CURSOR_BYTES 4 /* at least, of a batch */

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

/* ---- which map */

static void answer_not_found(struct ctl_answer *answer, const char *object, const char *name,
                             const char *near)
{
    answer->error = CONTROL("NotFound");
    answer->parameters =
        json_pack("{s:s, s:s, s:s?}", "object", object, "name", name, "nearest", near);
}

static const char *nearest_map(const struct wn_object *object, const char *name)
{
    const char *names[GUESSES_MAX];
    struct wn_object_map map;
    size_t n = 0;
    for (size_t i = 0; i < wn_object_map_count(object) && n < GUESSES_MAX; i++) {
        wn_object_describe_map(object, i, &map);
        if (map.live)
            names[n++] = map.name;
    }
    return nearest_find(name, names, n);
}

static const char *nearest_filter(struct engine *engine, const char *name)
{
    const char *names[GUESSES_MAX];
    struct engine_filter filter;
    size_t n = 0;
    for (size_t i = 0; n < GUESSES_MAX && engine_filter_at(engine, i, &filter); i++)
        names[n++] = filter.name;
    return nearest_find(name, names, n);
}

static const char *parameter(const struct ctl_request *request, const char *name)
{
    return json_string_value(json_object_get(request->parameters, name));
}

bool ctl_maps_find(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer, struct map_text *out)
{
    const char *filter = parameter(request, "filter"), *name = parameter(request, "map");
    struct wn_object *object;
    struct wn_error err;
    if (!engine_filter_object(engine, filter, &object)) {
        answer_not_found(answer, "filter", filter, nearest_filter(engine, filter));
        return false;
    }
    if (!object || map_text_look(object, name, out, &err) < 0) {
        answer_not_found(answer, "map", name, object ? nearest_map(object, name) : NULL);
        return false;
    }
    if (!request->admin && engine_map_private(engine, filter, out->map.name)) {
        answer->error = CONTROL("Denied");
        answer->parameters = json_pack("{s:s}", "need", "admin");
        return false;
    }
    return true;
}

void ctl_maps_refuse(const struct ctl_request *request, struct ctl_answer *answer, json_t *key,
                     size_t applied, const char *reason)
{
    OWN(json) json_t *about = key;
    answer->error = CONTROL("MapRefused");
    answer->parameters = json_pack("{s:s, s:s, s:O?, s:s, s:I}", "filter",
                                   parameter(request, "filter"), "map", parameter(request, "map"),
                                   "key", about, "reason", reason, "applied", (json_int_t)applied);
}

/* ---- all of them */

static json_t *describe(struct engine *engine, const char *filter, const struct wn_object_map *map)
{
    struct wn_map_info info;
    wn_map_info(map->live, &info);
    const char *type = wn_map_type_name(info.type);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}",
                     "filter", filter, "name", map->name, "type", type ? type : "unknown",
                     "key_type", *map->key_type ? map->key_type : NULL, "value_type",
                     *map->value_type ? map->value_type : NULL, "key_bytes",
                     (json_int_t)info.key_bytes, "value_bytes", (json_int_t)info.value_bytes,
                     "max_entries", (json_int_t)info.max_entries, "entries",
                     (json_int_t)info.entries, "flags", (json_int_t)info.flags, "bytes",
                     (json_int_t)info.bytes, "read_only", (int)info.frozen, "private",
                     (int)engine_map_private(engine, filter, map->name));
}

json_t *ctl_maps_list(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_filter filter;
    for (size_t i = 0; engine_filter_at(engine, i, &filter); i++) {
        struct wn_object *object;
        struct wn_object_map map;
        if (!engine_filter_object(engine, filter.name, &object) || !object)
            continue;
        for (size_t k = 0; k < wn_object_map_count(object); k++) {
            wn_object_describe_map(object, k, &map);
            if (map.live)
                json_array_append_new(list, describe(engine, filter.name, &map));
        }
    }
    return list;
}

/* ---- looking */

/* One reply's worth of a map. */
struct page {
    struct wn_map_batch batch;
    uint8_t *keys, *values, *cursor;
    size_t room;
    bool more; /* go on at the cursor */
};

static void own_page(struct page *page)
{
    free(page->keys);
    free(page->values);
    free(page->cursor);
}

static size_t cursor_bytes(const struct map_text *m)
{
    return m->info.key_bytes < CURSOR_BYTES ? CURSOR_BYTES : m->info.key_bytes;
}

static bool page_resize(struct page *page, const struct map_text *m, size_t room)
{
    free(page->keys);
    free(page->values);
    page->room = room;
    page->keys = calloc(room, m->info.key_bytes + 1u);
    page->values = calloc(room, m->info.lookup_bytes + 1u);
    return page->keys && page->values;
}

/* Fill the page. Its size grows if what belongs together does not fit. */
static int page_read(struct page *page, const struct map_text *m, bool begin)
{
    for (;;) {
        page->batch = (struct wn_map_batch){.in = begin ? NULL : page->cursor,
                                            .out = page->cursor,
                                            .keys = page->keys,
                                            .values = page->values,
                                            .count = (uint32_t)page->room};
        int rc = wn_map_lookup_batch(m->map.live, &page->batch);
        page->more = rc == 0;
        if (rc != -ENOSPC || page->room >= BATCH_MAX)
            return rc == -ENOENT ? 0 : rc;
        if (!page_resize(page, m, 2 * page->room))
            return -ENOMEM;
    }
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
    OWN(free) char *text = malloc(2 * n + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_stringn(text, 2 * n);
}

static bool from_hex(const char *text, uint8_t *bytes, size_t n)
{
    if (strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1]};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

/* How many elements fit into a reply, as far as one can tell. */
static size_t page_room(const struct map_text *m, json_int_t limit)
{
    size_t text = (m->info.key_bytes + m->info.lookup_bytes) * TEXT_A_BYTE + 64;
    size_t room = REPLY_TEXT / text;
    room = room < (size_t)limit ? room : (size_t)limit;
    return room ? room : 1;
}

/* Where a dump goes on, of which the request speaks; false: there is no such place. */
static bool page_begin(struct page *page, const struct map_text *m, const char *cursor,
                       json_int_t limit)
{
    page->cursor = calloc(1, cursor_bytes(m));
    return page->cursor && page_resize(page, m, page_room(m, limit)) &&
           (!cursor || from_hex(cursor, page->cursor, cursor_bytes(m)));
}

static json_t *page_entries(const struct page *page, const struct map_text *m)
{
    OWN(json) json_t *list = json_array();
    struct wn_error err;
    for (size_t i = 0; i < page->batch.count; i++) {
        const uint8_t *value = page->values + i * m->info.lookup_bytes;
        if (map_text_empty(m, value))
            continue;
        json_t *entry = map_text_entry(m, page->keys + i * m->info.key_bytes, value, &err);
        if (!entry || json_array_append_new(list, entry))
            return NULL;
    }
    return json_incref(list);
}

static void fail_parameter(struct ctl_answer *answer, const char *name)
{
    answer->error = CTL_E_PARAMETER;
    answer->parameters = ctl_cmds_parameter(name);
}

void ctl_maps_dump(struct engine *engine, const struct ctl_request *request,
                   struct ctl_answer *answer)
{
    OWN(page) struct page page = {0};
    struct map_text m;
    struct engine_generation g;
    const json_t *said = json_object_get(request->parameters, "limit");
    json_int_t limit = json_is_integer(said) ? json_integer_value(said) : CTL_MAP_ENTRIES;
    const char *cursor = parameter(request, "cursor");
    if (!ctl_maps_find(engine, request, answer, &m))
        return;
    if (limit < 1 || limit > CTL_MAP_ENTRIES) {
        fail_parameter(answer, "limit");
        return;
    }
    if (!page_begin(&page, &m, cursor, limit)) {
        fail_parameter(answer, "cursor");
        return;
    }
    int rc = page_read(&page, &m, !cursor);
    if (rc < 0) {
        ctl_maps_refuse(request, answer, NULL, 0,
                        rc == -WN_ENOTSUPP ? "a map of this type cannot be listed"
                                           : map_text_why(&m, rc));
        return;
    }
    OWN(json) json_t *reply = map_text_head(&m);
    engine_generation(engine, &g);
    json_object_set_new(reply, "filter", json_string(parameter(request, "filter")));
    json_object_set_new(reply, "generation", json_integer((json_int_t)g.number));
    json_object_set_new(reply, "entries", page_entries(&page, &m));
    json_object_set_new(reply, "cursor",
                        page.more ? hex(page.cursor, cursor_bytes(&m)) : json_null());
    answer->parameters = json_incref(reply);
}

/* A key from a request; of maps without keys there is none. */
static int parse_key(const struct map_text *m, const json_t *key, uint8_t *bytes,
                     struct wn_error *err)
{
    if (m->info.key_bytes == 0)
        return !key || json_is_null(key)
                   ? 0
                   : wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "this type of map has no keys");
    if ((!key || json_is_null(key)) && m->map.kind == WN_OBJECT_MAP_DATA)
        return 0; /* a section has one element */
    if (!key || json_is_null(key))
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "the key is missing");
    return map_text_parse_key(m, key, bytes, err);
}

void ctl_maps_get(struct engine *engine, const struct ctl_request *request,
                  struct ctl_answer *answer)
{
    struct map_text m;
    struct wn_error err = {0};
    json_t *key = json_object_get(request->parameters, "key");
    if (!ctl_maps_find(engine, request, answer, &m))
        return;
    OWN(free) uint8_t *key_bytes = calloc(1, m.info.key_bytes + 1u);
    OWN(free) uint8_t *value = calloc(1, m.info.lookup_bytes + 1u);
    if (!key_bytes || !value)
        return;
    /* Of a bloom filter it is the value that is asked for. */
    bool bloom = m.info.type == WN_MAP_BLOOM_FILTER;
    int rc =
        bloom ? map_text_parse_value(&m, key, value, &err) : parse_key(&m, key, key_bytes, &err);
    if (rc < 0) {
        ctl_maps_refuse(request, answer, json_incref(key), 0, err.text);
        return;
    }
    rc = wn_map_lookup(m.map.live, m.info.key_bytes ? key_bytes : NULL, value);
    if (rc < 0 && rc != -ENOENT && rc != -EOPNOTSUPP) {
        ctl_maps_refuse(request, answer, json_incref(key), 0, map_text_why(&m, rc));
        return;
    }
    OWN(json)
    json_t *entry =
        rc == 0 ? map_text_entry(&m, m.info.key_bytes ? key_bytes : NULL, value, &err) : NULL;
    answer->parameters = json_pack("{s:b, s:O?}", "found", rc == 0, "entry", entry);
}

/* ---- changing */

enum op { SET, DELETE };

/* What is to be done to one key, and what undoes it. */
struct step {
    enum op op;
    const json_t *about; /* the key as it was written */
    uint8_t *key, *value;
    uint8_t *before; /* the value that it had; NULL: none */
};

struct change {
    struct map_text m;
    struct step *steps;
    size_t n, done;
    uint64_t flags;
    bool atomic;
};

static void own_change(struct change *change)
{
    for (size_t i = 0; i < change->n; i++) {
        free(change->steps[i].key);
        free(change->steps[i].before);
    }
    free(change->steps);
}

/* Key and value are one piece of memory. */
static int add_step(struct change *c, enum op op, const json_t *key, const json_t *entry,
                    struct wn_error *err)
{
    struct step *s = &c->steps[c->n++];
    size_t at = (c->m.info.key_bytes + 8u) & ~(size_t)7;
    s->op = op;
    s->about = key;
    s->key = calloc(1, at + c->m.info.lookup_bytes + 1u);
    if (!s->key)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    s->value = s->key + at;
    int rc = parse_key(&c->m, key, s->key, err);
    if (rc == 0 && op == SET)
        rc = map_text_parse_entry(&c->m, entry, s->key, s->value, err);
    return rc;
}

/* Read everything first, so that what cannot be read changes nothing. */
static bool add_steps(struct change *c, const struct ctl_request *request,
                      struct ctl_answer *answer)
{
    const json_t *set = json_object_get(request->parameters, "set");
    const json_t *del = json_object_get(request->parameters, "delete");
    size_t n = json_array_size(set) + json_array_size(del), i;
    struct wn_error err;
    json_t *item;
    if (n > CTL_MAP_ENTRIES) {
        answer->error = CTL_E_LIMIT;
        answer->parameters = ctl_cmds_limit("map_entries", CTL_MAP_ENTRIES);
        return false;
    }
    c->steps = calloc(n + 1, sizeof *c->steps);
    if (!c->steps)
        return false;
    json_array_foreach(del, i, item)
    {
        if (add_step(c, DELETE, item, NULL, &err) < 0) {
            ctl_maps_refuse(request, answer, json_incref(item), 0, err.text);
            return false;
        }
    }
    json_array_foreach(set, i, item)
    {
        json_t *key = json_object_get(item, "key");
        if (add_step(c, SET, key, item, &err) < 0) {
            ctl_maps_refuse(request, answer, json_incref(key), 0, err.text);
            return false;
        }
    }
    return true;
}

static int apply(struct change *c, struct step *s)
{
    struct wn_map *map = c->m.map.live;
    const uint8_t *key = c->m.info.key_bytes ? s->key : NULL;
    if (c->atomic) {
        s->before = malloc(c->m.info.lookup_bytes + 1u);
        if (!s->before)
            return -ENOMEM;
        int rc = map_text_exact(&c->m, key, s->before);
        if (rc == -ENOENT)
            free(give(s->before));
        else if (rc < 0)
            return rc;
    }
    return s->op == SET ? wn_map_update(map, key, s->value, c->flags) : wn_map_delete(map, key);
}

static void undo(struct change *c)
{
    while (c->done) {
        const struct step *s = &c->steps[--c->done];
        if (s->before)
            wn_map_update(c->m.map.live, s->key, s->before, WN_MAP_ANY);
        else
            wn_map_delete(c->m.map.live, s->key);
    }
}

/* False: there is no such mode. */
static bool find_mode(const char *mode, uint64_t *flags)
{
    static const char *const modes[] = {"any", "create", "replace"};
    static const uint64_t values[] = {WN_MAP_ANY, WN_MAP_NOEXIST, WN_MAP_EXIST};
    *flags = WN_MAP_ANY;
    if (!mode)
        return true;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        *flags = values[i];
        if (strcmp(mode, modes[i]) == 0)
            return true;
    }
    return false;
}

void ctl_maps_update(struct engine *engine, const struct ctl_request *request,
                     struct ctl_answer *answer)
{
    OWN(change)
    struct change c = {.atomic = json_is_true(json_object_get(request->parameters, "atomic"))};
    struct wn_map_info info;
    if (!find_mode(parameter(request, "mode"), &c.flags)) {
        fail_parameter(answer, "mode");
        return;
    }
    if (!ctl_maps_find(engine, request, answer, &c.m))
        return;
    snprintf(answer->note, sizeof answer->note, "filter %.40s, map %.40s",
             parameter(request, "filter"), c.m.map.name);
    if (c.atomic && !c.m.info.key_bytes) {
        ctl_maps_refuse(request, answer, NULL, 0,
                        "what is put into a map without keys cannot be undone");
        return;
    }
    if (!add_steps(&c, request, answer))
        return;
    int rc = 0;
    while (rc == 0 && c.done < c.n) {
        rc = apply(&c, &c.steps[c.done]);
        c.done += rc == 0;
    }
    size_t failed = c.done;
    if (rc < 0 && c.atomic)
        undo(&c);
    size_t len = strlen(answer->note);
    snprintf(answer->note + len, sizeof answer->note - len, ": %zu of %zu changes", c.done, c.n);
    if (rc < 0) {
        OWN(json) json_t *about = json_deep_copy(c.steps[failed].about);
        ctl_maps_refuse(request, answer, json_incref(about), c.done, map_text_why(&c.m, rc));
        return;
    }
    wn_map_info(c.m.map.live, &info);
    answer->parameters =
        json_pack("{s:I, s:I}", "applied", (json_int_t)c.done, "entries", (json_int_t)info.entries);
}
