/* SPDX-License-Identifier: MIT */
#include "client/map_text.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winnow/map.h>
#include <winnow/object.h>

#include "client/local.h"
#include "client/prefix.h"

#define NAME_BYTES     256
#define TEXT_BYTES     4096
#define TEXT_BYTES_MAX (64u << 20)
#define LOAD_FLAGS     (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)
#define DUMP_FLAGS     (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

/* A map of the object, alive. */
struct subject {
    struct wn_object *object;
    size_t number;
    struct wn_object_map map;
    struct wn_map_info info;
};

static int fail(const struct client_opts *opts, const char *name, const char *text)
{
    return client_fail(opts, CLIENT_REFUSED, "map", "%s: %s", name, text);
}

static int no_memory(const struct client_opts *opts)
{
    return client_fail(opts, CLIENT_REFUSED, "memory", "out of memory");
}

static int find_map(struct wn_object *object, const char *name, struct subject *out,
                    struct wn_error *err)
{
    struct wn_map *live;
    int number = wn_object_find_map(object, name, err);
    if (number < 0)
        return number;
    wn_object_describe_map(object, (size_t)number, &out->map);
    int code = wn_object_map(object, out->map.name, &live, err);
    if (code)
        return code;
    out->object = object;
    out->number = (size_t)number;
    wn_object_describe_map(object, (size_t)number, &out->map);
    wn_map_info(out->map.live, &out->info);
    return 0;
}

/* ---- out */

json_t *map_text_json(const char *text)
{
    static const char most[] = "9223372036854775807"; /* INT64_MAX */
    char *safe = malloc(3 * strlen(text) + 1), *p = safe;
    bool string = false;
    if (!safe)
        return NULL;
    while (*text) {
        size_t digits = string ? 0 : strspn(text, "0123456789");
        bool large =
            digits >= sizeof most || (digits == sizeof most - 1 && memcmp(text, most, digits) > 0);
        if (digits) {
            p += sprintf(p, large ? "\"%.*s\"" : "%.*s", (int)digits, text);
            text += digits;
            continue;
        }
        if (*text == '\\')
            *p++ = *text++;
        else if (*text == '"')
            string = !string;
        if (*text)
            *p++ = *text++;
    }
    *p = '\0';
    json_t *value = json_loads(safe, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    free(safe);
    return value;
}

/* wn_object_print_key(), ..._value() or ..._var() */
typedef int (*print_fn)(const struct wn_object *object, size_t i, const void *bytes, size_t n,
                        char *text, size_t size, struct wn_error *err);

static json_t *print(const struct wn_object *object, size_t number, print_fn how, const void *bytes,
                     size_t n, struct wn_error *err)
{
    for (size_t size = TEXT_BYTES; size <= TEXT_BYTES_MAX; size *= 8) {
        OWN(free) char *text = malloc(size);
        if (!text) {
            wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
            return NULL;
        }
        int code = how(object, number, bytes, n, text, size, err);
        if (code >= 0)
            return map_text_json(text);
        if (code != WN_E_LIMIT)
            return NULL;
    }
    return NULL;
}

/* An element as it is sorted. */
struct element {
    uint8_t *key, *value; /* in one piece of memory, which begins at key; value NULL: a program */
    size_t bytes;         /* of the key */
};

/* Short keys by number, for they mostly are numbers; others by bytes. */
static int by_key(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    uint64_t i = 0, k = 0;
    if (x->bytes > sizeof i)
        return memcmp(x->key, y->key, x->bytes);
    for (size_t n = 0; n < x->bytes; n++) {
        size_t at = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? x->bytes - 1 - n : n;
        i = i << 8 | x->key[at];
        k = k << 8 | y->key[at];
    }
    return i < k ? -1 : i > k;
}

static bool is_array(enum wn_map_type type)
{
    return type == WN_MAP_ARRAY || type == WN_MAP_PERCPU_ARRAY;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
    while (n && !bytes[n - 1])
        n--;
    return n == 0;
}

struct elements {
    struct element *items;
    size_t n, cap;
};

static void own_elements(struct elements *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].key);
    free(list->items);
}

static bool make_room(struct elements *list)
{
    if (list->n < list->cap)
        return true;
    size_t cap = list->cap ? 2 * list->cap : 64;
    struct element *more = realloc(list->items, cap * sizeof *more);
    if (!more)
        return false;
    list->items = more;
    list->cap = cap;
    return true;
}

static bool collect_one(const struct subject *s, const uint8_t *key, struct elements *list)
{
    size_t key_bytes = (s->info.key_bytes + 7u) & ~7u;
    if (!make_room(list))
        return false;
    uint8_t *bytes = malloc(key_bytes + s->info.lookup_bytes + 1);
    if (!bytes)
        return false;
    struct element e = {bytes, bytes + key_bytes, s->info.key_bytes};
    memcpy(e.key, key, s->info.key_bytes);
    int code = wn_map_lookup(s->map.live, key, e.value);
    if (code == -EOPNOTSUPP) {
        e.value = NULL;
    } else if (code || (is_array(s->info.type) && s->map.kind != WN_OBJECT_MAP_DATA &&
                        all_zero(e.value, s->info.value_bytes))) {
        free(bytes);
        return true;
    }
    list->items[list->n++] = e;
    return true;
}

/* What a queue or stack would give, in that order; then all of it is there again. */
static bool collect_values(const struct subject *s, struct elements *list)
{
    const bool stack = s->info.type == WN_MAP_STACK;
    bool more = true, good = true;
    while (more) {
        uint8_t *value = make_room(list) ? malloc(s->info.value_bytes) : NULL;
        good = value != NULL;
        more = good && wn_map_pop(s->map.live, value) == 0;
        if (more)
            list->items[list->n++] = (struct element){value, value, 0};
        else
            free(value);
    }
    for (size_t i = 0; i < list->n; i++)
        wn_map_push(s->map.live, list->items[stack ? list->n - 1 - i : i].value, WN_MAP_ANY);
    return good;
}

static bool collect(const struct subject *s, struct elements *list)
{
    OWN(free) uint8_t *key = malloc(s->info.key_bytes + 1);
    bool good = key != NULL;
    for (int code = good ? wn_map_next(s->map.live, NULL, key) : -ENOENT; good && code == 0;
         code = wn_map_next(s->map.live, key, key))
        good = collect_one(s, key, list);
    if (list->n && s->info.type != WN_MAP_LPM_TRIE) /* which has an order of its own */
        qsort(list->items, list->n, sizeof *list->items, by_key);
    return good;
}

static bool has_prefixes(const struct subject *s)
{
    return s->info.type == WN_MAP_LPM_TRIE && prefix_fits(s->info.key_bytes);
}

static json_t *print_key(const struct subject *s, const struct element *e, struct wn_error *err)
{
    char prefix[PREFIX_TEXT_BYTES];
    if (s->map.kind == WN_OBJECT_MAP_DATA)
        return json_integer(0);
    if (!has_prefixes(s))
        return print(s->object, s->number, wn_object_print_key, e->key, e->bytes, err);
    prefix_print(e->key, e->bytes, prefix);
    return json_string(prefix);
}

static json_t *entries(const struct subject *s, struct wn_error *err)
{
    OWN(elements) struct elements list = {0};
    OWN(json) json_t *array = json_array();
    const bool keys = s->info.key_bytes;
    if (s->info.type == WN_MAP_BLOOM_FILTER) {
        wn_fail(err, -EOPNOTSUPP, WN_NOWHERE, "what was put into a bloom filter cannot be listed");
        return NULL;
    }
    wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (!(keys ? collect(s, &list) : collect_values(s, &list)))
        return NULL;
    for (size_t i = 0; i < list.n; i++) {
        const struct element *e = &list.items[i];
        json_t *value = e->value ? print(s->object, s->number, wn_object_print_value, e->value,
                                         s->info.value_bytes, err)
                                 : json_null();
        json_t *entry = keys ? json_pack("{s:o, s:o}", "key", print_key(s, e, err), "value", value)
                             : json_pack("{s:o}", "value", value);
        if (!entry || json_array_append_new(array, entry))
            return NULL;
    }
    return json_incref(array);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static int dump_var(const struct client_opts *opts, struct wn_object *object, size_t number,
                    json_t **out)
{
    struct wn_object_var var;
    struct wn_error err;
    wn_object_describe_var(object, number, &var);
    OWN(free) uint8_t *bytes = calloc(1, var.bytes + 1u);
    if (!bytes)
        return no_memory(opts);
    if (wn_object_get(object, var.name, bytes, var.bytes, &err))
        return fail(opts, var.name, err.text);
    json_t *value = print(object, number, wn_object_print_var, bytes, var.bytes, &err);
    if (!value)
        return fail(opts, var.name, err.text);
    *out = json_pack("{s:s, s:s, s:s?, s:o}", "variable", var.name, "section", var.section, "type",
                     or_null(var.type), "value", value);
    return *out ? CLIENT_OK : no_memory(opts);
}

int map_text_check(const struct client_opts *opts, const struct wn_object *object, const char *name)
{
    struct wn_error err;
    int code = wn_object_find_map(object, name, &err);
    if (code == -ENOENT && wn_object_find_var(object, name, &err) == -ENOENT)
        return client_fail(opts, CLIENT_REFUSED, "map", "%s: no map and no variable is called so",
                           name);
    return code < 0 && code != -ENOENT ? fail(opts, name, err.text) : CLIENT_OK;
}

int map_text_dump(const struct client_opts *opts, struct wn_object *object, const char *name,
                  json_t **out)
{
    struct subject s;
    struct wn_error err, err_var;
    int code = find_map(object, name, &s, &err);
    int var = code == -ENOENT ? wn_object_find_var(object, name, &err_var) : code;
    if (code && var >= 0)
        return dump_var(opts, object, (size_t)var, out);
    json_t *list = code ? NULL : entries(&s, &err);
    if (!list)
        return fail(opts, name, err.text);
    const char *type = wn_map_type_name(s.info.type);
    *out = json_pack("{s:s, s:s, s:s?, s:s?, s:o}", "map", s.map.name, "type",
                     type ? type : "unknown", "key_type", or_null(s.map.key_type), "value_type",
                     or_null(s.map.value_type), "entries", list);
    return *out ? CLIENT_OK : no_memory(opts);
}

void map_text_print(json_t *dump)
{
    const json_t *list = json_object_get(dump, "entries");
    json_t *entry;
    size_t i;
    if (!list) {
        json_dumpf(dump, stdout, JSON_ENSURE_ASCII);
        putchar('\n');
        return;
    }
    OWN(json) json_t *head = json_copy(dump);
    json_object_del(head, "entries");
    OWN(free) char *text = json_dumps(head, JSON_ENSURE_ASCII);
    if (!text)
        return;
    printf("%.*s, \"entries\": [", (int)strlen(text) - 1, text);
    json_array_foreach(list, i, entry)
    {
        printf(i ? ",\n  " : "\n  ");
        json_dumpf(entry, stdout, JSON_ENSURE_ASCII);
    }
    puts(json_array_size(list) ? "\n]}" : "]}");
}

/* ---- in */

/* wn_object_parse_key() or ..._value() */
typedef int (*parse_fn)(const struct wn_object *object, size_t i, const char *text, size_t len,
                        void *bytes, size_t n, struct wn_error *err);

static int parse(const struct subject *s, parse_fn how, const json_t *from, void *bytes, size_t n,
                 struct wn_error *err)
{
    OWN(free) char *text = json_dumps(from, DUMP_FLAGS);
    if (!text)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    return how(s->object, s->number, text, strlen(text), bytes, n, err);
}

static const char *why_not(const struct subject *s, int code)
{
    switch (code) {
    case -E2BIG:
    case -ENOSPC: return "the map is full, or has no such index";
    case -EPERM:
        return s->map.kind == WN_OBJECT_MAP_DATA ? "constants are set with --const"
                                                 : "the map cannot be written from outside";
    case -EOPNOTSUPP: return "the map holds programs";
    default: return wn_strerror(code);
    }
}

static int parse_key(const struct subject *s, const json_t *key, uint8_t *bytes,
                     struct wn_error *err)
{
    const char *text = json_string_value(key);
    if (text && has_prefixes(s) && prefix_parse(text, bytes, s->info.key_bytes))
        return 0;
    return parse(s, wn_object_parse_key, key, bytes, s->info.key_bytes, err);
}

/* One entry; of variables those that are not named stay as they are. */
static int fill_entry(const struct subject *s, const json_t *entry, const char **what,
                      struct wn_error *err)
{
    const json_t *key = json_object_get(entry, "key"), *value = json_object_get(entry, "value");
    OWN(free) uint8_t *key_bytes = calloc(1, s->info.key_bytes + 1u);
    OWN(free) uint8_t *value_bytes = calloc(1, s->info.lookup_bytes + 1u);
    int code;
    if (!key_bytes || !value_bytes)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    *what = "";
    bool section = s->map.kind == WN_OBJECT_MAP_DATA; /* its only key is 0 */
    bool keys = s->info.key_bytes && !section;
    if ((!key && keys) || !value)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "expected an object with %s",
                       keys ? "\"key\" and \"value\"" : "\"value\"");
    *what = "key: ";
    code = keys ? parse_key(s, key, key_bytes, err) : 0;
    if (code)
        return code;
    *what = "value: ";
    if (section)
        wn_map_lookup(s->map.live, key_bytes, value_bytes);
    if (s->info.type != WN_MAP_PROG_ARRAY)
        code = parse(s, wn_object_parse_value, value, value_bytes, s->info.value_bytes, err);
    if (code)
        return code;
    *what = "";
    code =
        wn_map_update(s->map.live, s->info.key_bytes ? key_bytes : NULL, value_bytes, WN_MAP_ANY);
    return code ? wn_fail(err, code, WN_NOWHERE, "%s", why_not(s, code)) : 0;
}

static int fill(const struct client_opts *opts, const struct subject *s, const char *path,
                const json_t *list)
{
    struct wn_error err;
    const char *what = "";
    const size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        /* What a stack gives first has been put into it last. */
        size_t at = s->info.type == WN_MAP_STACK ? n - 1 - i : i;
        if (fill_entry(s, json_array_get(list, at), &what, &err))
            return client_fail(opts, CLIENT_REFUSED, "map", "%s: map %s: entry %zu: %s%s", path,
                               s->map.name, at + 1, what, err.text);
    }
    return CLIENT_OK;
}

int map_text_fill(const struct client_opts *opts, struct wn_object *object, const char *assignment)
{
    char name[NAME_BYTES];
    struct subject s;
    struct wn_error err;
    json_error_t where;
    size_t len = strcspn(assignment, "=");
    const char *path = assignment + len + 1;

    if (!assignment[len] || !len || len >= sizeof name || !*path)
        return client_usage("--map: \"%s\": expected MAP=FILE", assignment);
    memcpy(name, assignment, len);
    name[len] = '\0';
    if (find_map(object, name, &s, &err))
        return client_fail(opts, CLIENT_REFUSED, "map", "--map: %s", err.text);
    FILE *file = fopen(path, "re");
    if (!file)
        return client_fail(opts, CLIENT_REFUSED, "map", "cannot read %s: %s", path,
                           strerror(errno));
    OWN(json) json_t *all = json_loadf(file, LOAD_FLAGS, &where);
    fclose(file);
    if (!all)
        return client_fail(opts, CLIENT_REFUSED, "map", "%s:%d:%d: %s", path, where.line,
                           where.column, where.text);
    const json_t *list = json_is_object(all) ? json_object_get(all, "entries") : all;
    if (!json_is_array(list))
        return client_fail(opts, CLIENT_REFUSED, "map",
                           "%s: expected an array of entries, or an object with \"entries\"", path);
    return fill(opts, &s, path, list);
}
