/* SPDX-License-Identifier: MIT */
#include "common/map_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/own.h"

#define TEXT_BYTES     4096
#define TEXT_BYTES_MAX (64u << 20)
#define DUMP_FLAGS     (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

static inline void own_json(json_t **value)
{
    json_decref(*value);
}

static int no_memory(struct wn_error *err)
{
    return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
}

static void fill_in(const struct wn_object *object, int number, struct map_text *out)
{
    out->object = object;
    out->number = (size_t)number;
    wn_object_describe_map(object, (size_t)number, &out->map);
    if (out->map.live)
        wn_map_info(out->map.live, &out->info);
}

int map_text_look(const struct wn_object *object, const char *name, struct map_text *out,
                  struct wn_error *err)
{
    int number = wn_object_find_map(object, name, err);
    if (number < 0)
        return number;
    fill_in(object, number, out);
    return out->map.live ? 0
                         : wn_fail(err, -ENOENT, WN_NOWHERE, "no program uses map '%.60s'", name);
}

int map_text_find(struct wn_object *object, const char *name, struct map_text *out,
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
    fill_in(object, number, out);
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
            no_memory(err);
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

/* ---- tries over addresses */

/* The number of bits that count, then an address as it is in packets. */
struct prefix {
    uint32_t bits;
    uint8_t address[16];
};

/* AF_INET or AF_INET6 if the keys are as long as such; else 0. */
static int family_of(const struct map_text *map)
{
    if (map->info.type != WN_MAP_LPM_TRIE)
        return 0;
    return map->info.key_bytes == 8 ? AF_INET : map->info.key_bytes == 20 ? AF_INET6 : 0;
}

static json_t *print_prefix(int family, const void *key)
{
    char text[INET6_ADDRSTRLEN];
    struct prefix p = {0};
    memcpy(&p, key, family == AF_INET ? 8 : 20);
    inet_ntop(family, p.address, text, sizeof text);
    return json_sprintf("%s/%u", text, p.bits);
}

/* "192.0.2.0/24"; without a slash all bits count. */
static int parse_prefix(int family, const char *text, void *key, struct wn_error *err)
{
    char address[INET6_ADDRSTRLEN];
    struct prefix p = {.bits = family == AF_INET ? 32 : 128};
    uint32_t most = p.bits;
    size_t len = strcspn(text, "/");
    snprintf(address, sizeof address, "%.*s", (int)len, text);
    if (len >= sizeof address || inet_pton(family, address, p.address) != 1)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "\"%.60s\" is no %s address", text,
                       family == AF_INET ? "IPv4" : "IPv6");
    if (text[len]) {
        char *end;
        unsigned long bits = strtoul(text + len + 1, &end, 10);
        bool number = text[len + 1] >= '0' && text[len + 1] <= '9' && !*end;
        if (!number || bits > most)
            return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "\"%.60s\": expected /0 to /%u", text,
                           most);
        p.bits = (uint32_t)bits;
    }
    memcpy(key, &p, family == AF_INET ? 8 : 20);
    return 0;
}

json_t *map_text_key(const struct map_text *map, const void *key, struct wn_error *err)
{
    int family = family_of(map);
    wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (map->map.kind == WN_OBJECT_MAP_DATA)
        return json_integer(0);
    if (family)
        return print_prefix(family, key);
    return print(map->object, map->number, wn_object_print_key, key, map->info.key_bytes, err);
}

json_t *map_text_value(const struct map_text *map, const void *value, struct wn_error *err)
{
    wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    if (!value)
        return json_null();
    return print(map->object, map->number, wn_object_print_value, value, map->info.value_bytes,
                 err);
}

json_t *map_text_entry(const struct map_text *map, const void *key, const void *value,
                       struct wn_error *err)
{
    uint32_t slots = value ? map->info.cpus : 1;
    if (!key)
        return json_pack("{s:o}", "value", map_text_value(map, value, err));
    json_t *key_json = map_text_key(map, key, err);
    if (slots <= 1)
        return json_pack("{s:o, s:o}", "key", key_json, "value", map_text_value(map, value, err));
    OWN(json) json_t *values = json_array();
    size_t stride = (map->info.value_bytes + 7u) & ~(size_t)7;
    for (uint32_t i = 0; i < slots; i++) {
        const uint8_t *one = (const uint8_t *)value + i * stride;
        if (json_array_append_new(values, map_text_value(map, one, err))) {
            json_decref(key_json);
            return NULL;
        }
    }
    return json_pack("{s:o, s:O}", "key", key_json, "values", values);
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

bool map_text_empty(const struct map_text *map, const void *value)
{
    return is_array(map->info.type) && map->map.kind != WN_OBJECT_MAP_DATA &&
           all_zero(value, map->info.value_bytes);
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

static bool collect_one(const struct map_text *m, const uint8_t *key, struct elements *list)
{
    size_t key_bytes = (m->info.key_bytes + 7u) & ~7u;
    if (!make_room(list))
        return false;
    uint8_t *bytes = malloc(key_bytes + m->info.lookup_bytes + 1);
    if (!bytes)
        return false;
    struct element e = {bytes, bytes + key_bytes, m->info.key_bytes};
    memcpy(e.key, key, m->info.key_bytes);
    int code = wn_map_lookup(m->map.live, key, e.value);
    if (code == -EOPNOTSUPP) {
        e.value = NULL;
    } else if (code || map_text_empty(m, e.value)) {
        free(bytes);
        return true;
    }
    list->items[list->n++] = e;
    return true;
}

/* What a queue or stack would give, in that order; then all of it is there again. */
static bool collect_values(const struct map_text *m, struct elements *list)
{
    const bool stack = m->info.type == WN_MAP_STACK;
    bool more = true, good = true;
    while (more) {
        uint8_t *value = make_room(list) ? malloc(m->info.value_bytes) : NULL;
        good = value != NULL;
        more = good && wn_map_pop(m->map.live, value) == 0;
        if (more)
            list->items[list->n++] = (struct element){value, value, 0};
        else
            free(value);
    }
    for (size_t i = 0; i < list->n; i++)
        wn_map_push(m->map.live, list->items[stack ? list->n - 1 - i : i].value, WN_MAP_ANY);
    return good;
}

static bool collect(const struct map_text *m, struct elements *list)
{
    OWN(free) uint8_t *key = malloc(m->info.key_bytes + 1);
    bool good = key != NULL;
    for (int code = good ? wn_map_next(m->map.live, NULL, key) : -ENOENT; good && code == 0;
         code = wn_map_next(m->map.live, key, key))
        good = collect_one(m, key, list);
    if (list->n && m->info.type != WN_MAP_LPM_TRIE) /* which has an order of its own */
        qsort(list->items, list->n, sizeof *list->items, by_key);
    return good;
}

/* Of whatever length, and of no type that the object would tell: hexadecimal digits. */
static int collect_record(void *array, const void *data, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    OWN(free) char *hex = malloc(2 * bytes + 1);
    if (!hex)
        return -ENOMEM;
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = ((const uint8_t *)data)[i];
        hex[2 * i] = digits[byte >> 4];
        hex[2 * i + 1] = digits[byte & 15];
    }
    hex[2 * bytes] = '\0';
    return json_array_append_new(array, json_pack("{s:s}", "value", hex)) ? -ENOMEM : 0;
}

static json_t *entries(const struct map_text *m, struct wn_error *err)
{
    OWN(elements) struct elements list = {0};
    OWN(json) json_t *array = json_array();
    const bool keys = m->info.key_bytes;
    if (m->info.type == WN_MAP_BLOOM_FILTER) {
        wn_fail(err, -EOPNOTSUPP, WN_NOWHERE, "what was put into a bloom filter cannot be listed");
        return NULL;
    }
    no_memory(err);
    if (m->info.type == WN_MAP_RINGBUF)
        return wn_map_consume(m->map.live, collect_record, array) < 0 ? NULL : json_incref(array);
    if (!(keys ? collect(m, &list) : collect_values(m, &list)))
        return NULL;
    for (size_t i = 0; i < list.n; i++) {
        const struct element *e = &list.items[i];
        json_t *entry = map_text_entry(m, keys ? e->key : NULL, e->value, err);
        if (!entry || json_array_append_new(array, entry))
            return NULL;
    }
    return json_incref(array);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static int dump_var(struct wn_object *object, size_t number, json_t **out, struct wn_error *err)
{
    struct wn_object_var var;
    wn_object_describe_var(object, number, &var);
    OWN(free) uint8_t *bytes = calloc(1, var.bytes + 1u);
    if (!bytes)
        return no_memory(err);
    int code = wn_object_get(object, var.name, bytes, var.bytes, err);
    if (code)
        return code;
    no_memory(err);
    json_t *value = print(object, number, wn_object_print_var, bytes, var.bytes, err);
    if (!value)
        return err->code;
    *out = json_pack("{s:s, s:s, s:s?, s:o}", "variable", var.name, "section", var.section, "type",
                     or_null(var.type), "value", value);
    return *out ? 0 : no_memory(err);
}

int map_text_check(const struct wn_object *object, const char *name, struct wn_error *err)
{
    struct wn_error other;
    int code = wn_object_find_map(object, name, err);
    if (code == -ENOENT && wn_object_find_var(object, name, &other) == -ENOENT)
        return wn_fail(err, code, WN_NOWHERE, "no map and no variable is called so");
    return code < 0 && code != -ENOENT ? code : 0;
}

json_t *map_text_head(const struct map_text *map)
{
    const char *type = wn_map_type_name(map->info.type);
    return json_pack("{s:s, s:s, s:s?, s:s?}", "map", map->map.name, "type",
                     type ? type : "unknown", "key_type", or_null(map->map.key_type), "value_type",
                     or_null(map->map.value_type));
}

int map_text_dump(struct wn_object *object, const char *name, json_t **out, struct wn_error *err)
{
    struct map_text m;
    struct wn_error other;
    int code = map_text_find(object, name, &m, err);
    int var = code == -ENOENT ? wn_object_find_var(object, name, &other) : code;
    if (code && var >= 0)
        return dump_var(object, (size_t)var, out, err);
    if (code)
        return code;
    json_t *list = entries(&m, err);
    if (!list)
        return err->code;
    OWN(json) json_t *dump = map_text_head(&m);
    if (json_object_set_new(dump, "entries", list))
        return no_memory(err);
    *out = json_incref(dump);
    return 0;
}

void map_text_print(json_t *dump, FILE *to)
{
    const json_t *list = json_object_get(dump, "entries");
    json_t *entry;
    size_t i;
    if (!list) {
        json_dumpf(dump, to, JSON_ENSURE_ASCII);
        fputc('\n', to);
        return;
    }
    OWN(json) json_t *head = json_copy(dump);
    json_object_del(head, "entries");
    OWN(free) char *text = json_dumps(head, JSON_ENSURE_ASCII);
    if (!text)
        return;
    fprintf(to, "%.*s, \"entries\": [", (int)strlen(text) - 1, text);
    json_array_foreach(list, i, entry)
    {
        fputs(i ? ",\n  " : "\n  ", to);
        json_dumpf(entry, to, JSON_ENSURE_ASCII);
    }
    fputs(json_array_size(list) ? "\n]}\n" : "]}\n", to);
}

int map_text_save(struct wn_object *object, const char *name, const char *path,
                  struct wn_error *err)
{
    OWN(json) json_t *dump = NULL;
    int rc = map_text_dump(object, name, &dump, err);
    if (rc)
        return rc;
    FILE *to = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!to)
        return wn_fail(err, -errno, WN_NOWHERE, "cannot write %.100s: %s", path, strerror(errno));
    map_text_print(dump, to);
    rc = fflush(to) || ferror(to) ? -errno : 0;
    if (to != stdout && fclose(to) && !rc)
        rc = -errno;
    return rc ? wn_fail(err, rc, WN_NOWHERE, "cannot write %.100s: %s", path, strerror(-rc)) : 0;
}

/* ---- in */

/* wn_object_parse_key() or ..._value() */
typedef int (*parse_fn)(const struct wn_object *object, size_t i, const char *text, size_t len,
                        void *bytes, size_t n, struct wn_error *err);

static int parse(const struct map_text *m, parse_fn how, const json_t *from, void *bytes, size_t n,
                 struct wn_error *err)
{
    OWN(free) char *text = json_dumps(from, DUMP_FLAGS);
    if (!text)
        return no_memory(err);
    return how(m->object, m->number, text, strlen(text), bytes, n, err);
}

int map_text_parse_key(const struct map_text *map, const json_t *from, void *key,
                       struct wn_error *err)
{
    int family = family_of(map);
    if (family && json_is_string(from) && strpbrk(json_string_value(from), ".:/"))
        return parse_prefix(family, json_string_value(from), key, err);
    if (map->map.kind != WN_OBJECT_MAP_DATA)
        return parse(map, wn_object_parse_key, from, key, map->info.key_bytes, err);
    memset(key, 0, map->info.key_bytes); /* the only one */
    return 0;
}

int map_text_parse_value(const struct map_text *map, const json_t *from, void *value,
                         struct wn_error *err)
{
    return parse(map, wn_object_parse_value, from, value, map->info.value_bytes, err);
}

const char *map_text_why(const struct map_text *map, int code)
{
    switch (code) {
    case -E2BIG:
    case -ENOSPC: return "the map is full, or has no such index";
    case -EPERM:
        return map->map.kind == WN_OBJECT_MAP_DATA ? "constants are set with --const"
                                                   : "the map cannot be written from outside";
    case -EOPNOTSUPP: return "the map holds programs";
    case -ENOENT: return "the map has no such key";
    case -EEXIST: return "the map has this key already";
    case -EINVAL: return "elements of this type of map cannot be deleted";
    default: return wn_strerror(code);
    }
}

/* What is wrong with a part of an entry begins with its name. */
static int in_part(int code, const char *part, struct wn_error *err)
{
    if (!code)
        return 0;
    struct wn_error inner = *err;
    return wn_fail(err, code, WN_NOWHERE, "%s: %s", part, inner.text);
}

/* As map_text_parse_entry(), of every slot alike or of each. */
static int parse_values(const struct map_text *map, const json_t *entry, uint8_t *value,
                        struct wn_error *err)
{
    const json_t *one = json_object_get(entry, "value"), *all = json_object_get(entry, "values");
    size_t stride = (map->info.value_bytes + 7u) & ~(size_t)7;
    uint32_t slots = map->info.cpus ? map->info.cpus : 1;
    if (!one && json_array_size(all) != slots)
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE,
                       "expected \"value\", or \"values\" of %u slot%s", slots,
                       slots == 1 ? "" : "s");
    int code = 0;
    for (uint32_t i = 0; code == 0 && i < slots; i++)
        code =
            map_text_parse_value(map, one ? one : json_array_get(all, i), value + i * stride, err);
    return code;
}

int map_text_parse_entry(const struct map_text *map, const json_t *entry, const void *key,
                         void *value, struct wn_error *err)
{
    if (map->map.kind == WN_OBJECT_MAP_DATA)
        wn_map_lookup(map->map.live, key, value);
    if (map->info.type == WN_MAP_PROG_ARRAY)
        return 0; /* the map says no */
    return in_part(parse_values(map, entry, value, err), "value", err);
}

int map_text_exact(const struct map_text *map, const void *key, void *value)
{
    int code = wn_map_lookup(map->map.live, key, value);
    if (code || map->info.type != WN_MAP_LPM_TRIE)
        return code;
    /* Only what is there can be replaced, and that by itself changes nothing. */
    OWN(free) uint8_t *same = malloc(map->info.lookup_bytes + 1u);
    if (!same)
        return -ENOMEM;
    memcpy(same, value, map->info.lookup_bytes);
    return wn_map_update(map->map.live, key, same, WN_MAP_EXIST);
}

int map_text_set(const struct map_text *map, const json_t *entry, uint64_t flags,
                 struct wn_error *err)
{
    const json_t *key = json_object_get(entry, "key");
    bool section = map->map.kind == WN_OBJECT_MAP_DATA;
    OWN(free) uint8_t *key_bytes = calloc(1, map->info.key_bytes + 1u);
    OWN(free) uint8_t *value = calloc(1, map->info.lookup_bytes + 1u);
    if (!key_bytes || !value)
        return no_memory(err);
    bool keyed = map->info.key_bytes && !section;
    if (!json_is_object(entry) || (keyed && !key) ||
        (!json_object_get(entry, "value") && !json_object_get(entry, "values")))
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "expected an object with %s",
                       keyed ? "\"key\" and \"value\"" : "\"value\"");
    int code = keyed ? in_part(map_text_parse_key(map, key, key_bytes, err), "key", err) : 0;
    if (code == 0)
        code = map_text_parse_entry(map, entry, key_bytes, value, err);
    if (code)
        return code;
    code = wn_map_update(map->map.live, map->info.key_bytes ? key_bytes : NULL, value, flags);
    return code ? wn_fail(err, code, WN_NOWHERE, "%s", map_text_why(map, code)) : 0;
}
